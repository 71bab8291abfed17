// What the inventory table is asked for: status, marketplace, text, sort and page, kept in the page's address.

const NAMES = { status: "", marketplaceId: "", q: "", sort: "urgent" };
const TYPING_MS = 250;

/** The filters of the form `form` and the heads of `table`. `onChange()` is called after each change by the reader. */
export class Filters {
  #form;
  #heads;
  #onChange;
  #typing = 0;
  values;
  page = 0;

  constructor(form, table, onChange) {
    this.#form = form;
    this.#heads = [...table.querySelectorAll("th[data-sort]")];
    this.#onChange = onChange;
    const given = new URLSearchParams(location.search);
    this.values = Object.fromEntries(Object.entries(NAMES).map(([name, usual]) => [name, given.get(name) ?? usual]));
    if (![...this.#part("status").children].some(({ value }) => value === this.values.status)) this.values.status = "";
    if (![...this.#part("sort").options].some(({ value }) => value === this.values.sort)) this.values.sort = NAMES.sort;
    this.page = Math.max(0, Math.trunc(Number(given.get("page") ?? 1)) - 1) || 0;
    this.#listen();
    this.#show();
  }

  /** The query string of the rows these filters leave, from the top. */
  get query() {
    return new URLSearchParams(Object.entries(this.values).filter(([, value]) => value)).toString();
  }

  get isNarrowed() {
    return Boolean(this.values.status || this.values.marketplaceId || this.values.q);
  }

  /** Take these values over, from page 1. */
  set(values) {
    this.page = 0;
    Object.assign(this.values, values);
    this.#changed();
  }

  /** Go to a page, counted from 0. */
  goTo(page) {
    this.page = page;
    this.#changed();
  }

  /** Offer these marketplaces: `[id, name]`. */
  offer(marketplaces) {
    const choice = this.#part("marketplace");
    const [all] = choice.options;
    if (choice.options.length - 1 !== marketplaces.length) choice.replaceChildren(all, ...marketplaces.map(([id, name]) => new Option(name, id)));
    choice.hidden = marketplaces.length < 2;
    choice.value = this.values.marketplaceId;
    if (choice.selectedIndex < 0 && marketplaces.length) this.set({ marketplaceId: "" });
  }

  #part = (name) => this.#form.querySelector(`[data-part="${name}"]`);

  #listen() {
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#part("status").addEventListener("click", ({ target }) => target.tagName === "BUTTON" && this.set({ status: target.value }));
    this.#part("marketplace").addEventListener("change", ({ target }) => this.set({ marketplaceId: target.value }));
    this.#part("sort").addEventListener("change", ({ target }) => this.set({ sort: target.value }));
    this.#part("q").addEventListener("input", ({ target }) => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.set({ q: target.value.trim() }), TYPING_MS);
    });
    for (const head of this.#heads) head.querySelector("button:not(.about)").addEventListener("click", () => this.#sortBy(head.dataset.sort));
  }

  /** The first press sorts as one looks for it (fewest, A first), the second turns it round. */
  #sortBy(column) {
    this.set({ sort: this.values.sort === column ? `-${column}` : column });
  }

  #changed() {
    this.#show();
    const address = new URLSearchParams(Object.entries(this.values).filter(([name, value]) => value !== NAMES[name]));
    if (this.page) address.set("page", this.page + 1);
    history.replaceState(null, "", `${location.pathname}${address.size ? `?${address}` : ""}${location.hash}`);
    this.#onChange();
  }

  #show() {
    const { status, q, sort, marketplaceId } = this.values;
    for (const button of this.#part("status").children) button.setAttribute("aria-pressed", String(button.value === status));
    if (this.#part("q") !== document.activeElement) this.#part("q").value = q;
    this.#part("sort").value = sort;
    this.#part("marketplace").value = marketplaceId;
    for (const head of this.#heads) {
      const isMine = head.dataset.sort === sort.replace("-", "");
      head.setAttribute("aria-sort", isMine ? (sort.startsWith("-") ? "descending" : "ascending") : "none");
    }
  }
}
