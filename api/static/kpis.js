// The cards of the first row. Each says its figure, how it compares with the 24 hours before, and up to when it holds.
// A figure that is not known is a dash with its reason, never 0 and never blank.

import { sparkline } from "./chart.js";
import { byId, delta, draw, el, hidden, icon, unknown } from "./dom.js";
import { count, counted, decimal, isKnown, money, percent, signedCount, time } from "./format.js";

const cards = new Map();

/** Draw the skeletons: the cards have their size from the start. */
export function prepareKpis() {
  for (const name of ["revenue", "orders", "units", "average", "inventory", "low", "out"]) {
    const node = byId(`kpi-${name}`);
    const parts = { value: el("p", { class: "value" }), change: el("p", { class: "change" }), line: el("div", { class: "trend" }), detail: el("div", { class: "detail" }), when: el("p", { class: "when" }) };
    parts.value.append(el("span", { class: "skeleton" }, "00,000"));
    parts.change.append(el("span", { class: "skeleton" }, "00% vs 24 h before"));
    node.append(...Object.values(parts));
    cards.set(name, { node, ...parts });
  }
}

/** Draw all cards from the data of the executive, orders, inventory, hourly sales and daily stock answers; all but the first may be null. */
export function showKpis(executive, orders, inventory, hourly, stockDays) {
  const { kpis, metadata } = executive;
  const ordersTo = orders?.dateRange?.end ?? metadata.asOf;
  const stockAt = inventory?.lastSync ?? metadata.asOf;
  const window = ordersTo ? `24\u00a0h to ${time(ordersTo)}` : "";
  const stockTime = stockAt ? `As of ${time(stockAt)}` : "";
  const noOrders = metadata.asOf ? "A whole 24 hours of orders has not been read yet" : "Waiting for the first sync";
  const noStock = metadata.asOf ? "Stock has not been read yet" : "Waiting for the first sync";
  show("revenue", { ...revenue(kpis, orders?.summary, noOrders), when: window });
  show("orders", { ...orderCount(kpis.orders, orders?.summary, noOrders), when: window });
  show("units", { ...unitCount(kpis.units, kpis.orders, noOrders), when: window });
  show("average", { ...average(kpis, noOrders), when: window });
  show("inventory", { ...units(kpis.inventory, inventory?.summary, noStock), change: since(kpis.inventory.amazon, stockDays, "totalQuantity"), when: stockTime });
  show("low", { ...low(kpis.inventory, noStock), change: since(kpis.inventory.lowStockItems, stockDays, "lowStockItems", "down"), when: stockTime });
  show("out", { ...out(kpis.inventory, noStock), change: since(kpis.inventory.outOfStockItems, stockDays, "outOfStockItems", "down"), when: stockTime });
  if (hourly) drawSalesLines(hourly, kpis);
  if (stockDays) drawStockLines(stockDays);
  byId("kpis").removeAttribute("aria-busy");
}

/** No answer at all: dashes with this reason. */
export function showNoKpis(reason) {
  for (const name of cards.keys()) show(name, { value: unknown(reason), detail: [reason], when: "" });
  byId("kpis").removeAttribute("aria-busy");
}

const HOUR_MS = 3_600_000;

/** The last 24 full hours of all channels, one value an hour: one that is not over would look like a fall. */
function drawSalesLines({ points, metadata: { asOf } }, { revenue: { unit: currency } }) {
  if (!asOf) return;
  const at = new Map(points.map((point) => [Date.parse(point.period), point]));
  const last = (Math.floor(Date.parse(asOf) / HOUR_MS) - 1) * HOUR_MS;
  const hours = Array.from({ length: 24 }, (_, index) => at.get(last - (23 - index) * HOUR_MS));
  const mine = (point) => point?.byCurrency.find((one) => one.currency === currency);
  drawLine("revenue", hours.map((point) => mine(point)?.revenue ?? 0));
  drawLine("orders", hours.map((point) => point?.orders ?? 0));
  drawLine("units", hours.map((point) => point?.units ?? 0));
  drawLine("average", hours.map((point) => (mine(point)?.revenue ? mine(point).revenue / mine(point).orders : null)));
}

/** Up to 30 days, one value a day. */
function drawStockLines({ points }) {
  for (const [card, field] of [["inventory", "totalQuantity"], ["low", "lowStockItems"], ["out", "outOfStockItems"]]) {
    drawLine(card, points.map((point) => point[field]));
  }
}

function drawLine(name, values) {
  const { line } = cards.get(name);
  const drawn = sparkline(values);
  if (line.firstChild?.outerHTML === drawn?.outerHTML) return;
  line.replaceChildren(...(drawn ? [drawn] : []));
}

/** A figure of stock against the one 24 hours before. */
function since(value, stockDays, field, better = null) {
  if (!isKnown(value) || !stockDays) return null;
  if (!stockDays.dayBefore) return "No comparison yet";
  const before = stockDays.dayBefore[field];
  if (value === before) return "Same as 24\u00a0h before";
  return [delta(value > before ? "up" : "down", count(Math.abs(value - before)), better), " vs 24\u00a0h before"];
}

/** What came since `before`, as lines of a toast: the figures that changed. */
export function changesSince(before, now) {
  const figures = [
    ["orders in 24 h", (kpis) => kpis.orders.total],
    ["inventory units", (kpis) => kpis.inventory.amazon],
    ["low-stock SKUs", (kpis) => kpis.inventory.lowStockItems],
    ["out-of-stock SKUs", (kpis) => kpis.inventory.outOfStockItems],
  ];
  return figures.flatMap(([name, of]) => {
    const [old, fresh] = [before && of(before.kpis), of(now.kpis)];
    if (!isKnown(fresh) || fresh === old) return [];
    return `${count(fresh)} ${name}${isKnown(old) ? ` (${signedCount(fresh - old)})` : ""}`;
  });
}

function show(name, { value, change = null, detail = [], when, tone = "" }) {
  const card = cards.get(name);
  card.node.dataset.tone = tone;
  draw(card.value, value);
  draw(card.change, change);
  draw(card.detail, detail.filter(Boolean).map((line) => (Array.isArray(line) ? pair(...line) : el("p", {}, line))));
  draw(card.when, when);
}

/** A name and its figure on one line; `isPart` of the line before. */
const pair = (name, figure, isPart = false) => el("p", { class: isPart ? "pair part" : "pair" }, el("span", {}, name), " ", el("span", {}, figure));

function revenue({ revenue: kpi, orders }, summary, reason) {
  const known = isKnown(kpi.total);
  const without = summary?.ordersWithoutAmount;
  return {
    value: known ? money(kpi.total, kpi.unit) : unknown(reason),
    change: compared(kpi, known),
    detail: [
      !known && (isKnown(orders.total) ? "No order has an amount yet" : reason),
      ...channels(kpi, kpi.sources, (value) => amount(value, kpi.unit)),
      ...others(kpi, "revenue"),
      without > 0 && `${counted(without, "order")} without an amount yet`,
    ],
  };
}

function orderCount(kpi, summary, reason) {
  const known = isKnown(kpi.total);
  const states = known && isKnown(summary?.pendingCount);
  const [amazon, shopify] = [0, 1].map((at) => channels(kpi, kpi.sources, orNot).slice(at, at + 1));
  const isPart = both(kpi.sources); // of Amazon's orders
  return {
    value: known ? count(kpi.total) : unknown(reason),
    change: compared(kpi, known),
    detail: [
      !known && reason,
      ...amazon,
      ...(states ? [["To ship", count(summary.unshippedCount), isPart], ["Pending", count(summary.pendingCount), isPart], ["Shipped", count(summary.shippedCount), isPart]] : []),
      ...shopify,
      known && summary?.canceledCount > 0 && `${count(summary.canceledCount)} canceled, not counted`,
    ],
  };
}

function unitCount(kpi, orders, reason) {
  const known = isKnown(kpi.total);
  return {
    value: known ? count(kpi.total) : unknown(reason),
    change: compared(kpi, known),
    detail: [...channels(kpi, orders.sources, orNot), known ? orders.total > 0 && `${decimal(kpi.total / orders.total)} an order` : reason],
  };
}

function average({ avgOrderValue: kpi, revenue: money24, orders }, reason) {
  const known = isKnown(kpi.combined);
  return {
    value: known ? money(kpi.combined, kpi.unit) : unknown(reason),
    change: compared(kpi, known),
    detail: [
      !known && (isKnown(orders.total) ? "No order has an amount yet" : reason),
      ...channels(kpi, money24.sources, (value) => amount(value, kpi.unit)),
      ...others(money24, "averageOrderValue"),
    ],
  };
}

function units(kpi, summary, reason) {
  const known = isKnown(kpi.amazon);
  return {
    value: known ? count(kpi.amazon) : unknown(reason),
    detail: known
      ? [["Available", el("strong", {}, count(kpi.fulfillable))], ...(summary ? [["Reserved", count(summary.reservedQuantity)], ["Inbound", count(summary.inboundQuantity)]] : [])]
      : [reason],
  };
}

function low({ lowStockItems: skus, outOfStockItems: gone }, reason) {
  if (!isKnown(skus)) return { value: unknown(reason), detail: [reason] };
  if (skus === 0) return { value: "0", detail: ["Every SKU is at its threshold or above"] };
  return { value: listLink("low", skus, "under their threshold"), detail: [["SKUs low", count(skus - gone)], ["SKUs out of stock", count(gone)]], tone: "warn" };
}

function out({ outOfStockItems: skus }, reason) {
  if (!isKnown(skus)) return { value: unknown(reason), detail: [reason] };
  if (skus === 0) return { value: "0", detail: ["Every SKU has units available"] };
  return { value: listLink("out", skus, "with nothing available"), detail: ["SKUs with nothing available"], tone: "bad" };
}

const listLink = (sign, skus, what) => {
  const status = sign === "out" ? "out-of-stock" : "alert";
  return [icon(sign), el("a", { href: `?status=${status}#inventory`, "data-status": status }, count(skus), hidden(` SKUs ${what}: go to the list`))];
};

const amount = (value, currency) => (isKnown(value) ? money(value, currency) : "—");

const orNot = (value) => (isKnown(value) ? count(value) : "—");
const both = (sources) => sources.shopify === "connected";

/** What each channel has of a figure of all, once there is more than one. */
const channels = (kpi, sources, say) => (both(sources) ? [["Amazon", say(kpi.amazon)], ["Shopify", say(kpi.shopify)]] : []);

/** The amounts in other currencies, each on its own line; they are never added in. */
function others(kpi, field) {
  return (kpi.byCurrency ?? [])
    .filter((entry) => entry.currency !== kpi.unit && entry.orders > 0)
    .map((entry) => [[hidden("also "), el("strong", {}, amount(entry[field], entry.currency))], [hidden("in "), counted(entry.orders, "order")]]);
}

function compared({ trend, change }, known) {
  if (!known) return null;
  if (!isKnown(change)) return "No comparison yet";
  return [delta(trend, percent(change), "up"), " vs 24\u00a0h before"];
}
