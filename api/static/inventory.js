// The whole catalogue, a page at a time, however long it is. A refresh reads the same page again and changes only the
// cells that differ, so that scroll, focus, filters and what was opened stay as they are.

import { read } from "./api.js";
import { download } from "./csv.js";
import { byId, draw, el, icon } from "./dom.js";
import { count, counted } from "./format.js";
import { COLUMNS, FILE, keyOf, LINE_COLUMN, summaryOf, why } from "./inventory-columns.js";
import { Filters } from "./inventory-filters.js";
import { marketplaceName } from "./marketplaces.js";
import { drawRows, skeletonRows } from "./rows.js";
import { lineCell, lineWords, readLines } from "./stock-lines.js";

const PATH = "/api/v1/dashboard/amazon-inventory";
const PAGE = matchMedia("(max-width: 42rem)").matches ? 10 : 25; // a row is as tall as a card on a phone

/** The section of the inventory. `data` is the newest answer, null before there is one. */
export class Inventory {
  #section = byId("inventory");
  #table = this.#section.querySelector("table");
  #body = this.#section.querySelector("tbody");
  #part = (name) => this.#section.querySelector(`[data-part="${name}"]`);
  #lines = new Map();
  #stock = null;
  #open = new Map(); // key of a row → what is shown under it
  #turn = 0;
  #filters;
  data = null;

  constructor() {
    this.#table.setAttribute("aria-busy", "true");
    skeletonRows(this.#body, COLUMNS, 10);
    this.#filters = new Filters(this.#section.querySelector("form"), this.#table, () => this.#changed());
    this.#part("pager").addEventListener("click", ({ target }) => this.#turnPage(target.value));
    this.#part("retry").addEventListener("click", () => this.refresh());
    this.#part("csv").addEventListener("click", () => this.#download());
    this.#body.addEventListener("click", ({ target }) => target.dataset.why && this.#toggle(target.dataset.why));
  }

  /** Read the page that is shown again. Returns the outcome of `api.js`. */
  refresh() {
    return this.#read({ isNews: true });
  }

  /** Show what needs attention, and go there. */
  show(status) {
    this.#filters.set({ status, marketplaceId: "", q: "", sort: "urgent" });
    this.#section.scrollIntoView();
    this.#section.focus({ preventScroll: true });
  }

  async #changed() {
    this.#open.clear();
    this.#table.setAttribute("aria-busy", "true");
    const outcome = await this.#read({ isNews: false });
    if (outcome.kind === "failed") this.#fail(outcome);
  }

  async #read({ isNews }) {
    const turn = ++this.#turn;
    const page = this.#filters.page;
    const outcome = await read(`${PATH}?${this.#filters.query}&limit=${PAGE}${page ? `&offset=${page * PAGE}` : ""}`);
    if (turn !== this.#turn) return outcome; // asked again meanwhile
    if (outcome.kind !== "data") {
      if (outcome.kind === "failed" && !this.data) this.#fail(outcome);
      return outcome;
    }
    const { items, total } = outcome.data;
    if (page && !items.length && total !== null) {
      this.#filters.goTo(Math.max(0, Math.ceil(total / PAGE) - 1));
      return outcome;
    }
    if (isNews && this.data && !outcome.changed) return outcome;
    this.data = outcome.data;
    await this.#renewOpen(isNews && outcome.changed);
    if (turn !== this.#turn) return outcome;
    this.#draw(isNews);
    this.#drawLines(turn);
    return outcome;
  }

  #draw(isNews) {
    const { items, total, marketplaceIds } = this.data;
    if (!isNews) {
      this.#lines.clear();
      this.#body.replaceChildren();
    }
    const rows = items.flatMap((item) => (this.#open.has(keyOf(item)) ? [item, { under: keyOf(item) }] : [item]));
    drawRows(this.#body, this.#lines, rows, {
      columns: COLUMNS,
      key: (row) => (row.under ? `why ${row.under}` : keyOf(row)),
      wide: (row) => (row.under ? this.#open.get(row.under) : null),
      isNews,
    });
    for (const button of this.#body.querySelectorAll("[data-why]")) button.setAttribute("aria-expanded", String(this.#open.has(button.dataset.why)));
    this.#table.hidden = !items.length;
    this.#table.removeAttribute("aria-busy");
    this.#filters.offer(marketplaceIds.map((id) => [id, marketplaceName(id)]));
    draw(this.#part("summary"), summaryOf(this.data));
    this.#countChoices();
    this.#showPlace(items.length, total);
  }

  #countChoices() {
    const { summary, alerts } = this.data;
    const low = alerts.lowStockCount - alerts.outOfStockCount;
    const counts = { "": summary.totalSKUs, alert: alerts.lowStockCount, "out-of-stock": alerts.outOfStockCount, "low-stock": low };
    for (const button of this.#part("status").children) {
      const number = alerts.lowStockCount === null ? null : counts[button.value];
      button.dataset.count = number === null || number === undefined ? "" : count(number);
    }
  }

  #showPlace(shown, total) {
    const { page } = this.#filters;
    const first = page * PAGE + 1;
    draw(this.#part("shown"), shown ? `${count(first)} to ${count(first + shown - 1)} of ${counted(total, "row")}` : this.#emptyWords());
    this.#part("retry").hidden = true;
    this.#part("csv").disabled = !shown;
    const pages = Math.max(1, Math.ceil((total ?? 0) / PAGE));
    const pager = this.#part("pager");
    pager.hidden = pages < 2;
    draw(this.#part("page"), `Page ${count(page + 1)} of ${count(pages)}`);
    for (const button of pager.querySelectorAll("button")) {
      const isOff = ["first", "back"].includes(button.value) ? page === 0 : page >= pages - 1;
      button.setAttribute("aria-disabled", String(isOff));
    }
  }

  #emptyWords() {
    const { lastSync, summary } = this.data;
    if (!lastSync) return "Stock has not been read from Amazon yet.";
    if (!summary.totalSKUs) return "Amazon lists no FBA stock for this account.";
    if (this.#filters.values.q || this.#filters.values.marketplaceId) return "No SKU matches these filters.";
    return [icon("ok"), "Nothing is low: every SKU is at its threshold or above."];
  }

  #turnPage(where) {
    const last = Math.ceil(this.data.total / PAGE) - 1;
    const { page } = this.#filters;
    const target = { first: 0, back: Math.max(0, page - 1), next: Math.min(last, page + 1), last }[where];
    if (target === undefined || target === page) return;
    this.#filters.goTo(target);
    this.#section.scrollIntoView({ block: "start" });
  }

  /** The stock lines of the rows shown; they come after the figures. */
  async #drawLines(turn) {
    const items = this.data.items;
    const lines = await readLines(items, keyOf);
    if (turn !== this.#turn || !lines) return;
    this.#stock = lines;
    for (const item of items) {
      const cell = this.#lines.get(keyOf(item))?.children[LINE_COLUMN];
      const content = lineCell(lines.get(keyOf(item)));
      const said = content.map((node) => node.outerHTML).join("");
      if (!cell || cell.said === said) continue;
      cell.said = said;
      cell.replaceChildren(...content);
    }
  }

  async #toggle(key) {
    if (this.#open.has(key)) this.#open.delete(key);
    else this.#open.set(key, await this.#why(key));
    this.#draw(true);
  }

  async #why(key) {
    const item = this.data.items.find((one) => keyOf(one) === key);
    if (!item) return el("p", {}, "This SKU is not on the page any more.");
    const asked = new URLSearchParams({ sku: item.sku, marketplaceId: item.marketplaceId, limit: 1 });
    const outcome = await read(`/api/v1/dashboard/amazon-restock?${asked}`);
    if (outcome.kind !== "data") return el("p", {}, outcome.message ?? "The API does not answer.");
    const [advice] = outcome.data.items;
    return advice ? why(item, advice, lineCell(this.#stock?.get(key)).length > 1 ? lineWords(this.#stock.get(key)) : null) : el("p", {}, "Nothing is known of its sales yet.");
  }

  async #renewOpen(hasChanged) {
    if (!hasChanged) return;
    for (const key of this.#open.keys()) this.#open.set(key, await this.#why(key));
  }

  #fail(outcome) {
    this.#table.removeAttribute("aria-busy");
    if (!this.data) this.#table.hidden = true;
    draw(this.#part("shown"), outcome.message);
    this.#part("retry").hidden = false;
  }

  async #download() {
    const button = this.#part("csv");
    const label = button.textContent;
    button.setAttribute("aria-disabled", "true");
    const path = (limit, offset) => `${PATH}?${this.#filters.query}&limit=${limit}&offset=${offset}`;
    const outcome = await download({ path, columns: FILE, name: "inventory", onProgress: (done, total) => { button.textContent = `${count(done)} of ${count(total)}…`; } });
    button.removeAttribute("aria-disabled");
    button.textContent = label;
    draw(this.#part("shown"), outcome.message);
  }
}
