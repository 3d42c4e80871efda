const mostCharacters = 255;

/** A file's name for people: one line, no character that could hide or reorder it, at most 255 characters; never a path on this machine. */
export function displayName(filename: string): string {
  const shown = [...filename.slice(0, 4 * mostCharacters)].map((character) => (hidden.test(character) ? escaped(character) : character));
  let name = "";
  for (const character of shown) {
    if (name.length + character.length > mostCharacters) break;
    name += character;
  }
  return name.trim() || "unnamed";
}

/** Control and format characters, line separators, lone surrogates. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const escaped = (character: string) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
