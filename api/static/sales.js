// Sales over time: the last 24 hours beside the 24 before, or day by day; as a chart and as a table of the same figures.

import { read } from "./api.js";
import { columns, markColumn } from "./chart.js";
import { byId, draw, el, hidden, unknown } from "./dom.js";
import { axisMoney, axisCount, calendarDay, count, counted, hour, isKnown, money, moneyOr, percent, time } from "./format.js";

const RANGES = {
  "24h": { path: "/api/v1/dashboard/amazon-sales?interval=hour&days=2", now: "Last 24 hours", before: "the 24 hours before" },
  "30d": { path: "/api/v1/dashboard/amazon-sales?interval=day&days=30", now: "Last 30 days" },
  "90d": { path: "/api/v1/dashboard/amazon-sales?interval=day&days=90", now: "Last 90 days" },
};
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** The section of sales. `refresh()` returns the outcome of `api.js`; `hourly` is the newest answer by the hour, or null. */
export class Sales {
  #section = byId("sales");
  #part = (name) => this.#section.querySelector(`[data-part="${name}"]`);
  #range = "24h";
  #measure = "revenue";
  #currency = null;
  #data = null;
  #periods = [];
  #marked = null;
  #turn = 0;
  hourly = null;

  constructor() {
    this.#choose("range", (value) => { this.#range = value; this.#data = null; this.refresh(); });
    this.#choose("measure", (value) => { this.#measure = value; this.#show(); });
    this.#part("currency").addEventListener("change", ({ target }) => { this.#currency = target.value; this.#show(); });
    this.#part("details").addEventListener("toggle", () => this.#showTable());
    this.#part("chart").addEventListener("keydown", (event) => this.#step(event));
    this.#part("chart").addEventListener("blur", () => this.#mark(null));
    new ResizeObserver(() => this.#drawChart()).observe(this.#part("chart"));
  }

  async refresh() {
    const turn = ++this.#turn;
    const hourly = await read(RANGES["24h"].path);
    if (hourly.kind === "data") this.hourly = hourly.data;
    const outcome = this.#range === "24h" ? hourly : await read(RANGES[this.#range].path);
    if (turn !== this.#turn) return outcome;
    if (outcome.kind === "data") {
      this.#data = outcome.data;
      this.#show();
    } else if (outcome.kind === "failed" && !this.#data) {
      draw(this.#part("readout"), outcome.message);
    }
    return outcome;
  }

  #choose(name, onChange) {
    const group = this.#part(name);
    group.addEventListener("click", ({ target }) => {
      if (!target.value) return;
      for (const button of group.children) button.setAttribute("aria-pressed", String(button === target));
      onChange(target.value);
    });
  }

  #show() {
    if (!this.#data) return;
    this.#periods = this.#range === "24h" ? hours(this.#data) : days(this.#data);
    const currencies = [...new Set(this.#data.points.flatMap((point) => point.byCurrency.map((one) => one.currency)))];
    if (!currencies.includes(this.#currency)) this.#currency = currencies.includes(this.#data.currency) ? this.#data.currency : currencies[0] ?? null;
    const choice = this.#part("currency");
    choice.hidden = this.#measure !== "revenue" || currencies.length < 2;
    if ([...choice.options].map(({ value }) => value).join() !== currencies.join()) choice.replaceChildren(...currencies.map((one) => el("option", { value: one }, one)));
    choice.value = this.#currency ?? "";
    this.#mark(null);
    this.#drawChart();
    this.#showTable();
  }

  #value(point) {
    if (!point) return 0; // the API has no point for a period without orders
    if (this.#measure !== "revenue") return point[this.#measure];
    const mine = point.byCurrency.find(({ currency }) => currency === this.#currency);
    return mine ? mine.revenue : 0;
  }

  #words(value) {
    if (!isKnown(value)) return "no amount yet";
    if (this.#measure === "revenue") return moneyOr(value, this.#currency);
    return counted(value, this.#measure.slice(0, -1));
  }

  #drawChart() {
    const box = this.#part("chart");
    if (!this.#periods.length || !box.clientWidth) {
      if (this.#data) draw(box, el("p", { class: "nothing" }, "Orders have not been read from Amazon yet."));
      return;
    }
    const every = Math.ceil(this.#periods.length / Math.max(2, Math.floor(box.clientWidth / 86)));
    const points = this.#periods.map((period, index) => ({
      value: this.#value(period.point),
      before: "earlier" in period ? this.#value(period.earlier) : null,
      label: index % every === 0 ? period.label : "",
      isPartial: period.isPartial,
    }));
    const format = this.#measure === "revenue" ? (value) => axisMoney(value, this.#currency) : axisCount;
    box.replaceChildren(columns({ width: box.clientWidth, height: box.clientHeight, points, format, onPoint: (index) => this.#mark(index) }));
    const { now, before } = RANGES[this.#range];
    draw(this.#part("legend"), [
      el("span", { class: "key key-now" }, now), before ? el("span", { class: "key key-before" }, "The 24 hours before") : null,
      this.#periods.some(({ isPartial }) => isPartial) ? el("span", { class: "key key-partial" }, "Not over yet") : null,
    ]);
  }

  #step(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move || !this.#periods.length) return;
    event.preventDefault();
    const from = this.#marked ?? (move > 0 ? -1 : this.#periods.length);
    this.#mark(Math.min(Math.max(from + move, 0), this.#periods.length - 1));
  }

  #mark(index) {
    this.#marked = index;
    if (!this.#periods.length) return this.#readout(this.#data ? "No sales are known yet." : "");
    markColumn(this.#part("chart"), index);
    if (index === null) return this.#readout(this.#total());
    const period = this.#periods[index];
    const before = "earlier" in period ? `, the day before ${this.#words(this.#value(period.earlier))}` : "";
    const partial = period.isPartial ? " (not over yet)" : "";
    return this.#readout(`${period.name}${partial}: ${this.#words(this.#value(period.point))}${before}`);
  }

  #readout(text) {
    const line = this.#part("readout");
    if (line.textContent !== text) line.textContent = text;
  }

  #total() {
    const sum = (values) => values.reduce((total, value) => total + Math.round((value ?? 0) * 100), 0) / 100;
    if (this.#range !== "24h") return `${RANGES[this.#range].now}: ${this.#words(sum(this.#periods.map(({ point }) => this.#value(point))))}`;
    const over = this.#periods.filter(({ isPartial }) => !isPartial); // an hour that is not over compares with nothing
    const now = sum(over.map(({ point }) => this.#value(point)));
    const before = sum(over.map(({ earlier }) => this.#value(earlier)));
    const all = `${over.length} full hours since ${time(new Date(over[0].start))}: ${this.#words(now)}`;
    const change = before ? `, ${now >= before ? "up" : "down"} ${percent((now - before) / before)} from` : ", before it";
    return `${all}${change} ${this.#words(before)}`;
  }

  #showTable() {
    if (!this.#part("details").open || !this.#data) return;
    const currencies = [...this.#part("currency").options].map(({ value }) => value);
    const revenue = (point, currency) => {
      const value = point?.byCurrency.find((one) => one.currency === currency);
      return value && !isKnown(value.revenue) ? unknown("no amount yet") : money(value?.revenue ?? 0, currency);
    };
    const hasBefore = this.#range === "24h";
    const heads = ["Period", "Orders", "Units", ...currencies.map((one) => `Revenue ${one}`), ...(hasBefore ? ["Orders, day before", "Units, day before", ...currencies.map((one) => `${one}, day before`)] : [])];
    const cells = (point) => [count(point?.orders ?? 0), count(point?.units ?? 0), ...currencies.map((one) => revenue(point, one))];
    const line = ({ name, point, earlier, isPartial }) => el(
      "tr", {},
      el("th", { scope: "row" }, name, isPartial ? hidden(" (not over yet)") : null),
      [...cells(point), ...(hasBefore ? cells(earlier) : [])].map((cell) => el("td", { class: "figure" }, cell)),
    );
    this.#part("table").replaceChildren(el(
      "table", { class: "plain" },
      el("caption", { class: "hidden-visually" }, "Sales, newest first"),
      el("thead", {}, el("tr", {}, heads.map((head, at) => el("th", { scope: "col", class: at ? "figure" : null }, head)))),
      el("tbody", {}, [...this.#periods].reverse().map(line)),
    ));
  }
}

/** The 24 newest hours, each with the same hour of the 24 before. */
function hours({ dateRange, points }) {
  if (!dateRange.end) return [];
  const at = new Map(points.map((point) => [Date.parse(point.period), point]));
  const last = Date.parse(dateRange.end);
  return Array.from({ length: 24 }, (_, index) => {
    const start = last - (23 - index) * HOUR_MS;
    const point = at.get(start);
    return { start, name: `${time(new Date(start))}–${hour(start + HOUR_MS)}`, label: hour(start), point, earlier: at.get(start - DAY_MS), isPartial: start >= unfinishedFrom(points, last) };
  });
}

/** The hour that asOf is in, if the API says of its point that it is not over. */
function unfinishedFrom(points, last) {
  const newest = points.at(-1);
  return newest && !newest.complete ? Date.parse(newest.period) : last + HOUR_MS;
}

function days({ dateRange, points }) {
  if (!dateRange.end) return [];
  const at = new Map(points.map((point) => [point.period, point]));
  const found = [];
  for (let day = Date.parse(dateRange.start); day <= Date.parse(dateRange.end); day += DAY_MS) {
    const iso = new Date(day).toISOString().slice(0, 10);
    const point = at.get(iso);
    found.push({ name: calendarDay(iso), label: calendarDay(iso), point, isPartial: point ? !point.complete : false });
  }
  return found;
}
