// The 30-day stock line of each SKU that is shown: asked for in one go, drawn when it comes.

import { read } from "./api.js";
import { sparkline } from "./chart.js";
import { el, hidden } from "./dom.js";
import { count } from "./format.js";

const DAYS = 30;
const MOST = 50; // SKUs in one question

/** The lines of these items, by key; an item without any is left out. Null when they could not be read. */
export async function readLines(items, keyOf) {
  const lines = new Map();
  for (let start = 0; start < items.length; start += MOST) {
    const skus = [...new Set(items.slice(start, start + MOST).map(({ sku }) => sku))].sort();
    const asked = skus.map((sku) => `sku=${encodeURIComponent(sku)}`).join("&");
    const outcome = await read(`/api/v1/dashboard/amazon-inventory/history?days=${DAYS}&${asked}`);
    if (outcome.kind !== "data") return null;
    for (const line of outcome.data.items) lines.set(keyOf(line), line.fulfillable);
  }
  return lines;
}

/** What a cell shows of a line. */
export function lineCell(values) {
  const said = lineWords(values);
  const drawn = values && sparkline(values);
  return drawn ? [drawn, hidden(said)] : [el("span", { class: "sub" }, said)];
}

/** The line in words. */
export function lineWords(values) {
  const known = values?.filter((value) => value !== null) ?? [];
  if (known.length < 2) return known.length ? "since today" : "no history yet";
  const days = known.length >= DAYS ? `${DAYS} days` : `${known.length} days known`;
  const empty = known.filter((value) => value === 0).length;
  const range = `${days}: from ${count(known[0])} to ${count(known.at(-1))} available, lowest ${count(Math.min(...known))}, highest ${count(Math.max(...known))}`;
  return empty ? `${range}, ${empty} days out of stock` : range;
}
