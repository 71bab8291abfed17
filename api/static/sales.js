// Sales over time: the last 24 hours beside the 24 before, or day by day; as a chart and as a table of the same figures.

import { read } from "./api.js";
import { columns } from "./chart.js";
import { byId, delta, draw, el, hidden, unknown } from "./dom.js";
import { axisMoney, axisCount, calendarDay, count, counted, hour, isKnown, money, moneyOr, percent, time, weekDay } from "./format.js";

const PATH = "/api/v1/dashboard/sales";
const RANGES = {
  "24h": { query: "interval=hour&days=2", now: "Last 24 hours", before: "The 24 hours before" },
  "30d": { query: "interval=day&days=30", now: "Last 30 days" },
  "90d": { query: "interval=day&days=90", now: "Last 90 days" },
};
const MEASURES = ["revenue", "orders", "units"];
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** The section of sales. `refresh()` returns the outcome of `api.js`; `hourly` is the newest answer of all channels by the hour, or null. */
export class Sales {
  #section = byId("sales");
  #part = (name) => this.#section.querySelector(`[data-part="${name}"]`);
  #range = "24h";
  #measure = "revenue";
  #currency = null;
  #data = null;
  #periods = [];
  #chart = null;
  #tip = el("div", { class: "chart-tip", "aria-hidden": "true" });
  #marked = null;
  #turn = 0;
  hourly = null;

  constructor() {
    this.#choose("range", (value) => { this.#range = value; this.refresh(); });
    this.#choose("measure", (value) => { this.#measure = value; this.#show(); });
    this.#part("channel").addEventListener("change", () => this.refresh());
    this.#part("currency").addEventListener("change", ({ target }) => { this.#currency = target.value; this.#show(); });
    this.#part("details").addEventListener("toggle", () => this.#showTable());
    this.#part("chart").addEventListener("keydown", (event) => this.#step(event));
    this.#part("chart").addEventListener("blur", () => this.#mark(null));
    new ResizeObserver(() => this.#drawChart()).observe(this.#part("chart"));
  }

  async refresh() {
    const turn = ++this.#turn;
    const hourly = await read(`${PATH}?${RANGES["24h"].query}`);
    if (hourly.kind === "data") this.hourly = hourly.data;
    const channel = this.#part("channel").value;
    const range = this.#range;
    const outcome = range === "24h" && !channel ? hourly : await read(`${PATH}?${RANGES[range].query}${channel && `&channel=${channel}`}`);
    if (turn !== this.#turn) return outcome;
    this.#part("channel").hidden = !this.hourly?.channels.includes("shopify");
    if (outcome.kind === "data") {
      if (this.#data === outcome.data) return outcome; // nothing new: what is marked stays marked
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
    this.#periods = this.#data.interval === "hour" ? hours(this.#data) : days(this.#data);
    const currencies = [...new Set(this.#data.points.flatMap((point) => point.byCurrency.map((one) => one.currency)))].sort();
    if (!currencies.includes(this.#currency)) this.#currency = currencies.includes(this.#data.currency) ? this.#data.currency : currencies[0] ?? null;
    const choice = this.#part("currency");
    choice.hidden = this.#measure !== "revenue" || currencies.length < 2;
    if ([...choice.options].map(({ value }) => value).join() !== currencies.join()) choice.replaceChildren(...currencies.map((one) => el("option", { value: one }, one)));
    choice.value = this.#currency ?? "";
    this.#part("readout").replaceChildren(...(this.#periods.length ? this.#total() : ["No sales are known yet."]));
    this.#drawChart();
    this.#showTable();
  }

  #value(point, measure = this.#measure) {
    if (!point) return 0; // the API has no point for a period without orders
    if (measure !== "revenue") return point[measure];
    const mine = point.byCurrency.find(({ currency }) => currency === this.#currency);
    return mine ? mine.revenue : 0;
  }

  #words(value, measure = this.#measure) {
    if (!isKnown(value)) return "no amount yet";
    if (measure === "revenue") return moneyOr(value, this.#currency);
    return counted(value, measure.slice(0, -1));
  }

  #drawChart() {
    const box = this.#part("chart");
    if (!this.#periods.length || !box.clientWidth) {
      if (this.#data) draw(box, el("p", { class: "nothing" }, "Orders have not been read yet."));
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
    this.#chart = columns({ width: box.clientWidth, height: box.clientHeight, points, format, onPoint: (index) => this.#mark(index) });
    box.replaceChildren(this.#chart.node, this.#tip);
    const { now, before } = RANGES[this.#range];
    const keys = [["key-now", now], ["key-before", before], ["key-partial", this.#periods.some(({ isPartial }) => isPartial) && "Not over yet"]];
    this.#part("legend").replaceChildren(...keys.filter(([, name]) => name).map(([look, name]) => el("span", { class: `key ${look}` }, name)));
    this.#mark(this.#marked !== null && this.#marked < this.#periods.length ? this.#marked : null);
  }

  #step(event) {
    if (!this.#periods.length) return;
    const last = this.#periods.length - 1;
    const { key } = event;
    const from = this.#marked ?? (key === "ArrowRight" ? -1 : last + 1);
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last, Escape: null }[key];
    if (to === undefined) return;
    event.preventDefault();
    this.#mark(to === null ? null : Math.min(Math.max(to, 0), last));
    this.#part("said").textContent = to === null ? "" : this.#inWords(this.#periods[this.#marked]);
  }

  /** Light up a period and show its figures beside it, or none. */
  #mark(index) {
    this.#marked = index;
    if (!this.#chart) return;
    const at = this.#chart.mark(index);
    this.#tip.hidden = index === null;
    if (index === null) return;
    this.#tip.replaceChildren(...this.#figures(this.#periods[index]));
    const room = this.#part("chart").clientWidth - this.#tip.offsetWidth;
    const beside = at + 18 + this.#tip.offsetWidth > this.#part("chart").clientWidth ? at - 18 - this.#tip.offsetWidth : at + 18;
    this.#tip.style.left = `${Math.min(Math.max(beside, 0), room)}px`;
  }

  #figures(period) {
    const others = MEASURES.filter((measure) => measure !== this.#measure);
    const figure = (looks, name, point) => el("p", { class: `key ${looks}` }, `${name} `, el("strong", {}, this.#words(this.#value(point))));
    return [
      el("p", { class: "tip-head" }, period.name, period.isPartial ? ", not over yet" : ""),
      figure(period.isPartial ? "key-partial" : "key-now", "earlier" in period ? "Now" : "", period.point),
      "earlier" in period ? figure("key-before", "Day before", period.earlier) : null,
      el("p", { class: "tip-more" }, others.map((measure) => this.#words(this.#value(period.point, measure), measure)).join(", ")),
    ].filter(Boolean);
  }

  #inWords(period) {
    const before = "earlier" in period ? `, the day before ${this.#words(this.#value(period.earlier))}` : "";
    return `${period.name}${period.isPartial ? " (not over yet)" : ""}: ${this.#words(this.#value(period.point))}${before}`;
  }

  #total() {
    const sum = (values) => values.reduce((total, value) => total + Math.round((value ?? 0) * 100), 0) / 100;
    const all = (periods, which) => sum(periods.map((period) => this.#value(period[which])));
    const strong = (value) => el("strong", {}, this.#words(value));
    if (!("earlier" in this.#periods[0])) {
      const known = this.#periods.find(({ point }) => point) ?? this.#periods[0];
      const last = this.#periods.at(-1);
      const reach = known === this.#periods[0] ? "" : `; no orders are known before ${known.label}`;
      return [strong(all(this.#periods, "point")), ` ${known.label} to ${last.label}${last.isPartial ? ", the last day not over yet" : ""}${reach}`];
    }
    const over = this.#periods.filter(({ isPartial }) => !isPartial); // an hour that is not over compares with nothing
    const [now, before] = [all(over, "point"), all(over, "earlier")];
    const change = before ? delta(now > before ? "up" : now < before ? "down" : "neutral", percent((now - before) / before), "up") : null;
    const since = ` in ${counted(over.length, "full hour")} since ${time(new Date(over[0].start))} · `;
    return change ? [strong(now), since, change, ` from ${this.#words(before)}`] : [strong(now), `${since}before: ${this.#words(before)}`];
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
function hours({ dateRange, points, metadata }) {
  if (!dateRange.end) return [];
  const at = new Map(points.map((point) => [Date.parse(point.period), point]));
  const last = Date.parse(dateRange.end);
  const unfinished = Math.floor(Date.parse(metadata.asOf) / HOUR_MS) * HOUR_MS; // an hour without orders has no point to say so
  return Array.from({ length: 24 }, (_, index) => {
    const start = last - (23 - index) * HOUR_MS;
    const point = at.get(start);
    return { start, name: `${time(new Date(start))}–${hour(start + HOUR_MS)}`, label: hour(start), point, earlier: at.get(start - DAY_MS), isPartial: start >= unfinished };
  });
}

function days({ dateRange, points }) {
  if (!dateRange.end) return [];
  const at = new Map(points.map((point) => [point.period, point]));
  const found = [];
  for (let day = Date.parse(dateRange.start); day <= Date.parse(dateRange.end); day += DAY_MS) {
    const iso = new Date(day).toISOString().slice(0, 10);
    const point = at.get(iso);
    found.push({ name: weekDay(iso), label: calendarDay(iso), point, isPartial: point ? !point.complete : false });
  }
  return found;
}
