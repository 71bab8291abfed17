// A download of all the rows that the filters leave, as CSV.

import { read } from "./api.js";
import { counted } from "./format.js";

const PAGE = 1000;
const MOST_TRIES = 3;

// What the reader's spreadsheet expects: where 1.5 is written 1,5 it splits at semicolons, and takes 1.5 for a date.
const HAS_DECIMAL_COMMA = new Intl.NumberFormat().format(1.5).includes(",");
const SEPARATOR = HAS_DECIMAL_COMMA ? ";" : ",";

/**
 * Read all pages and hand the file to the browser. `path(limit, offset)` is a page's address, `columns` are
 * `[head, value(item)]`, `onProgress(done, total)` is called after each page. Returns `{ message }`.
 */
export async function download({ path, columns, name, onProgress }) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const read = await readAll(path, onProgress);
    if (read.message) return read;
    if (!read.items) continue; // newer data came in the middle: rows may have moved
    const lines = [columns.map(([head]) => head), ...read.items.map((item) => columns.map(([, value]) => value(item)))];
    save(`${name}-${read.asOf.replaceAll(":", "").slice(0, 15)}.csv`, lines);
    return { message: `Downloaded ${counted(read.items.length, "row")}.` };
  }
  return { message: "The data changed while it was being read. Try again." };
}

async function readAll(path, onProgress) {
  const items = [];
  let asOf = null;
  let total = 1;
  while (items.length < total) {
    const outcome = await read(path(PAGE, items.length), { isKept: false });
    if (outcome.kind !== "data") return { message: outcome.message ?? "The file could not be made." };
    asOf ??= outcome.data.metadata.asOf;
    if (asOf !== outcome.data.metadata.asOf) return {};
    items.push(...outcome.data.items);
    total = outcome.data.total;
    if (!outcome.data.items.length) return {};
    onProgress(items.length, total);
  }
  return { items, asOf };
}

function save(name, lines) {
  const text = `\ufeff${lines.map((line) => line.map(cell).join(SEPARATOR)).join("\r\n")}\r\n`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** One cell. A text that a spreadsheet would take for a formula is made plain text. */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return HAS_DECIMAL_COMMA ? String(value).replace(".", ",") : String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
