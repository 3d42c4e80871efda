import { formatBytes } from "../../shared/format.ts";
import { escapeHtml } from "./html.ts";

/** A key with its secret, as it is printed. */
export interface KitKey {
  readonly id: string;
  readonly recipient: string;
  /** `AGE-SECRET-KEY-1…`. */
  readonly identity: string;
  /** Its line in the key file. */
  readonly line: string;
  /** What `sha256sum` says of a file that holds the identity, or the line, alone: its first 16 characters. */
  readonly identitySum: string;
  readonly lineSum: string;
}

export interface KitBackup {
  readonly source: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly storedSize: number;
  readonly encrypted: boolean;
  readonly folder: string;
  /** Names of storages. */
  readonly storages: readonly string[];
}

export interface RecoveryKitContent {
  readonly madeAt: Date;
  /** The machine and the dashboard's address, as far as they are known. */
  readonly machine: string;
  readonly address: string | null;
  readonly version: string;
  /** The current key first, then older ones that still open backups. */
  readonly keys: readonly [KitKey, ...KitKey[]];
  readonly recoveryRecipients: readonly string[];
  readonly storages: readonly { readonly name: string; readonly kind: string; readonly location: string }[];
  readonly backups: readonly KitBackup[];
}

/** One page to print: HTML in itself, with no script and nothing that is fetched. */
export function recoveryKitHtml(kit: RecoveryKitContent): string {
  const [current, ...older] = kit.keys;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Holdfast recovery kit, key ${escapeHtml(current.id)}</title>
<style>${style}</style>
</head>
<body>
<h1>Holdfast recovery kit</h1>
${facts([
  ["For", [kit.machine, kit.address].filter(Boolean).join(", ")],
  ["Made", `${instant(kit.madeAt)} by Holdfast ${kit.version}`],
  ["Key", current.id],
])}
<p class="box"><strong>This page opens the backups.</strong> Print it, put it where neither fire nor thief reaches it together with that machine,
and delete the file. Whoever has this page and a copy of the backups can read them. Make a new one after <code>holdfast keys rotate</code>.</p>

<h2>1. The key</h2>
<p>The identity, which opens encrypted backups with the program <code>age</code>:</p>
${secret(current.identity)}
<p>The same key as a line of Holdfast's key file, which a new Holdfast needs:</p>
${secret(current.line)}
${facts([
  ["Recipient", current.recipient],
  ["Check of key.txt", `sha256sum key.txt begins with ${current.identitySum}`],
  ["Check of holdfast.key", `sha256sum holdfast.key begins with ${current.lineSum} (this line alone in it)`],
  ...(kit.recoveryRecipients.length > 0 ? [["Recovery recipients", kit.recoveryRecipients.join(" ")] as const] : []),
])}
${older.map(olderKey).join("\n")}

<h2>2. Restore without Holdfast</h2>
<p>On any machine with a MariaDB or MySQL server. The programs, on Debian and Ubuntu:</p>
${commands("apt-get install age zstd tar mariadb-client")}
<p>Type the identity of section 1, without the gaps, into the file <code>key.txt</code>, for your eyes only, and check it: the second command prints the recipient of
section 1, and a mistyped letter is refused.</p>
${commands("umask 077; cat > key.txt", "age-keygen -y key.txt")}
<p>Fetch the backup's folder, one of section 4, from its storage (section 3) and go there: copy it from a disk, or</p>
${commands("aws s3 cp --recursive s3://BUCKET/PREFIX/FOLDER ./backup", "sftp -r USER@HOST:DIRECTORY/FOLDER ./backup")}
${commands("mv key.txt backup/; cd backup")}
<p><code>manifest.json</code> names every file with its SHA-256, and under <code>restoreCommands</code> the commands for this very backup. Compare the sums,
then make an empty database and run those commands. They look like this:</p>
${commands(
  "sha256sum *",
  "grep -A 3 restoreCommands manifest.json",
  "age -d -i key.txt database.sql.zst.age | zstd -dc | mariadb --binary-mode --comments DATABASE",
  "age -d -i key.txt media.tar.zst.age | tar --zstd -xpf -",
)}
<p>Files without <code>.age</code> at their end are not encrypted: leave the first program out. Remove <code>key.txt</code> when you are done.</p>

<h2>3. Start Holdfast again with this key</h2>
<p>Install Holdfast on the new machine, but before its first start put the line of section 1 into its key file (older lines below it),
<code>data/holdfast.key</code> where Holdfast was installed, or what HOLDFAST_KEY_FILE names:</p>
${commands("umask 077; mkdir -p data; cat > data/holdfast.key", "npm start")}
<p>Add the storages, then read the backups on each into the new catalog:</p>
${commands("npx holdfast keys", "npx holdfast rebuild-catalog STORAGE")}
<p>The first prints the key ${escapeHtml(current.id)} when the line is right. The storages' and databases' passwords are not on this page: enter them anew.</p>
${table(
  ["Storage", "Kind", "Where"],
  kit.storages.map(({ name, kind, location }) => [name, kind, location]),
  "There is no storage yet.",
)}

<h2>4. The newest backups</h2>
${table(
  ["Source", "Made", "Size", "Encrypted", "Folder", "Storages"],
  kit.backups.map(({ source, createdAt, storedSize, encrypted, folder, storages }) => [
    source,
    instant(createdAt),
    formatBytes(storedSize),
    encrypted ? "yes" : "no",
    folder,
    storages.join(", "),
  ]),
  "There is no backup yet.",
)}
</body>
</html>
`;
}

const olderKey = (key: KitKey) => `<h3>Older key ${escapeHtml(key.id)}</h3>
<p>It opens the backups that were made before the key was changed. Its identity, and its line of the key file:</p>
${secret(key.identity)}
${secret(key.line)}
${facts([
  ["Recipient", key.recipient],
  ["Checks", `key.txt ${key.identitySum}, holdfast.key ${key.lineSum}`],
])}`;

const instant = (at: Date) => `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** In groups of four to be typed; copied, it is one word. */
const secret = (text: string) =>
  `<pre class="secret">${(text.match(/.{1,4}/g) ?? []).map((group) => `<span>${escapeHtml(group)}</span>`).join("")}</pre>`;

const commands = (...lines: readonly string[]) => `<pre>${lines.map(escapeHtml).join("\n")}</pre>`;

const facts = (rows: readonly (readonly [string, string])[]) =>
  `<table class="facts">${rows.map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join("")}</table>`;

function table(heads: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return `<p>${none}</p>`;
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`).join("\n");
  return `<table><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr>\n${body}</table>`;
}

const style = `
@page { size: A4; margin: 15mm }
* { box-sizing: border-box }
body { font: 11pt/1.4 Georgia, serif; color: #000; background: #fff; max-width: 180mm; margin: 0 auto; padding: 8mm }
@media print { body { padding: 0; max-width: none } }
h1 { font-size: 20pt; margin: 0 0 4mm } h2 { font-size: 14pt; margin: 7mm 0 2mm; border-bottom: 1px solid #000 } h3 { font-size: 11pt; margin: 4mm 0 1mm }
h2, h3 { break-after: avoid } p { margin: 2mm 0 }
pre, code { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 9pt }
pre { border-left: 2px solid #000; padding: 1mm 3mm; margin: 2mm 0; white-space: pre-wrap; overflow-wrap: anywhere; break-inside: avoid }
.secret { border: 2px solid #000; padding: 3mm; font-size: 12pt } .secret span { display: inline-block; margin-right: .6em }
.box { border: 1px solid #000; padding: 3mm }
table { border-collapse: collapse; width: 100%; font-size: 9pt } th, td { text-align: left; vertical-align: top; padding: .6mm 3mm .6mm 0; overflow-wrap: anywhere }
tr { break-inside: avoid } th { border-bottom: 1px solid #000 } .facts th { border: 0; width: 40mm; white-space: nowrap }
`;
