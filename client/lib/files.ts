/** Hands `content` to the visitor as a file. */
export function saveFile(filename: string, content: string, type = "application/json"): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: filename });
  link.click();
  URL.revokeObjectURL(address);
}
