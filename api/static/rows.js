// The lines of a table, kept by key: a line that stays is the same element, and only cells that read differently change.

import { draw, el, flash } from "./dom.js";

/**
 * Make `body` hold one line for each of `rows`, in their order. `lines` (key → line) remembers what is there.
 * `key(row)` names a row; `columns` are `{ label, draw(row), figure, header }`, and a column without `draw` is left to
 * the caller; `wide(row)` is the content of a row of one cell over all columns, or null.
 * With `isNews` a line that was not there lights up.
 */
export function drawRows(body, lines, rows, { columns, key, wide = () => null, isNews = true }) {
  const before = new Map(lines);
  const wanted = new Set(rows.map(key));
  for (const line of [...body.children]) if (!wanted.has(line.dataset.key)) line.remove();
  lines.clear();
  rows.forEach((row, index) => {
    const id = key(row);
    const whole = wide(row);
    const line = before.get(id) ?? (whole ? wideLine(id, columns.length) : newLine(id, columns));
    lines.set(id, line);
    if (whole) draw(line.firstChild, whole);
    else columns.forEach((column, at) => column.draw && draw(line.children[at], column.draw(row)));
    if (body.children[index] !== line) body.insertBefore(line, body.children[index] ?? null);
    if (!before.has(id) && isNews && !whole) flash(line);
  });
}

/** Grey lines of the table's shape, until the first rows come. */
export function skeletonRows(body, columns, count) {
  const cells = () => columns.map(() => el("td", { role: "cell" }, el("span", { class: "skeleton" }, "Loading")));
  body.replaceChildren(...Array.from({ length: count }, () => el("tr", { role: "row" }, cells())));
}

function newLine(id, columns) {
  const cells = columns.map(({ label, figure, header }) => header
    ? el("th", { scope: "row", role: "rowheader", "data-label": label })
    : el("td", { role: "cell", "data-label": label, class: figure ? "figure" : null }));
  return el("tr", { role: "row", "data-key": id }, cells);
}

function wideLine(id, columns) {
  return el("tr", { role: "row", "data-key": id, class: "wide-line" }, el("td", { role: "cell", colspan: columns }));
}
