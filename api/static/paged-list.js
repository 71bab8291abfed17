// A table of the API's rows, read page by page. A refresh keeps the rows that are there, changes only the cells that
// differ, and reads again as many rows as were shown, so neither scroll nor focus is lost.

import { read } from "./api.js";
import { byId, draw, el } from "./dom.js";
import { count } from "./format.js";
import { drawRows, skeletonRows } from "./rows.js";

const LARGEST_PAGE = 200;
const MOVED_ON = 409; // the cursor belongs to data that newer data has replaced

/**
 * A list in the section `id` of index.html.
 * `path(limit)` is the first page's address; `rows(data)` and `key(row)` read the answer;
 * `columns` are `{ label, draw(row), figure, header }` in the order of the table's head (`label` shows on narrow screens); `total(data)`, `summary(data)`
 * and `empty(data)` say how many there are in all (null: unknown), what stands beside the heading, and what stands for no rows.
 */
export class PagedList {
  #options;
  #table;
  #body;
  #summary;
  #foot;
  #lines = new Map(); // key → <tr>
  #data = null;
  #rows = [];
  #cursor = null;
  #turn = Promise.resolve();

  constructor(options) {
    this.#options = options;
    const section = byId(options.id);
    this.#table = section.querySelector("table");
    this.#body = section.querySelector("tbody");
    this.#summary = section.querySelector('[data-part="summary"]');
    this.#foot = footOf(section, () => this.#inTurn(() => this.#readMore()), () => this.refresh());
    this.#skeleton();
  }

  /** The newest answer's first page, null before there is one. */
  get data() {
    return this.#data;
  }

  /** Read from the top. Returns the outcome of `api.js`. */
  refresh() {
    return this.#inTurn(() => this.#readTop());
  }

  /** One reading at a time, so that two never mix their rows. */
  #inTurn(run) {
    this.#turn = this.#turn.then(run);
    return this.#turn;
  }

  async #readTop() {
    const { pageSize, path, rows } = this.#options;
    const first = await read(path(pageSize));
    if (first.kind !== "data") return this.#failed(first);
    if (this.#data && !first.changed) return first;
    const wanted = Math.max(pageSize, this.#rows.length);
    const all = await this.#readOn([...rows(first.data)], first.data.nextCursor, wanted);
    if (all.outcome) return all.outcome.status === MOVED_ON ? this.#readTop() : this.#failed(all.outcome);
    this.#data = first.data;
    this.#take(all.rows, all.cursor);
    return first;
  }

  async #readMore() {
    const { pageSize } = this.#options;
    const more = await this.#readOn([], this.#cursor, pageSize);
    if (more.outcome) return more.outcome.status === MOVED_ON ? this.#readTop() : this.#failed(more.outcome);
    return this.#take([...this.#rows, ...more.rows], more.cursor);
  }

  /** Add pages to `found` from `cursor` on, until `wanted` rows are there or the list ends. */
  async #readOn(found, cursor, wanted) {
    const { rows, path, pageSize } = this.#options;
    while (cursor && found.length < wanted) {
      const limit = Math.min(LARGEST_PAGE, Math.max(wanted - found.length, pageSize));
      const page = await read(`${path(limit)}&cursor=${encodeURIComponent(cursor)}`);
      if (page.kind !== "data") return { outcome: page };
      found.push(...rows(page.data));
      cursor = page.data.nextCursor;
    }
    return { rows: found, cursor };
  }

  #take(rows, cursor) {
    const { columns, key, total, summary, empty } = this.#options;
    const all = total(this.#data);
    const hasMore = Boolean(cursor) && rows.length < (all ?? Infinity);
    this.#cursor = cursor;
    this.#rows = rows;
    drawRows(this.#body, this.#lines, rows, { columns, key });
    this.#table.hidden = rows.length === 0;
    this.#table.removeAttribute("aria-busy");
    draw(this.#summary, summary(this.#data));
    const part = all === null ? `Showing the first ${count(rows.length)}` : `Showing ${count(rows.length)} of ${count(all)}`;
    const shown = hasMore ? part : `${count(rows.length)} in all`;
    this.#foot.show(rows.length ? shown : empty(this.#data), hasMore);
  }

  #failed(outcome) {
    if (outcome.kind === "failed" && !this.#data) {
      this.#table.hidden = true;
      this.#foot.fail(outcome.message);
    }
    return outcome;
  }

  #skeleton() {
    this.#table.setAttribute("aria-busy", "true");
    skeletonRows(this.#body, this.#options.columns, 5);
  }
}

function footOf(section, onMore, onRetry) {
  const text = el("p", { role: "status", tabindex: "-1" });
  const button = el("button", { type: "button", class: "button" }, "Show more");
  button.hidden = true;
  const foot = { isError: false };
  button.addEventListener("click", async () => {
    button.setAttribute("aria-disabled", "true");
    await (foot.isError ? onRetry() : onMore());
    button.removeAttribute("aria-disabled");
    if (button.hidden) text.focus({ preventScroll: true });
  });
  section.querySelector('[data-part="foot"]').append(text, button);
  const set = (isError, content, label, visible) => {
    foot.isError = isError;
    draw(text, content);
    draw(button, label);
    button.hidden = !visible;
  };
  foot.show = (content, hasMore) => set(false, content, "Show more", hasMore);
  foot.fail = (message) => set(true, message, "Try again", true);
  return foot;
}
