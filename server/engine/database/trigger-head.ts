import { unquote } from "./names.ts";

const ident = '(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[^\\s`"\'.@;(),*=]+)';
const triggerHead = new RegExp(
  `(\\bTRIGGER\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?)(?:(${ident})\\s*\\.\\s*)?(${ident}\\s+(?:BEFORE|AFTER)\\s+(?:INSERT|UPDATE|DELETE)\\s+ON\\s+)(?:(${ident})\\s*\\.\\s*)?`,
  "i",
);

/** A trigger may name the database that it was made in; in another one it has to name none. */
export function inSchema(trigger: Buffer, schema: string | null): Buffer {
  if (schema === null) return trigger;
  const own = (qualifier?: string) => qualifier === undefined || unquote(Buffer.from(qualifier, "latin1").toString()) === schema;
  const text = trigger.toString("latin1");
  const head = triggerHead.exec(text);
  if (!head || (own(head[2]) && own(head[4]))) return trigger;
  return Buffer.from(text.replace(triggerHead, "$1$3"), "latin1");
}
