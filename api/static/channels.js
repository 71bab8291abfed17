// Channel performance: Shopify beside Amazon, figure by figure; each currency on its own line, never added.

import { badge, byId, draw, el, unknown } from "./dom.js";
import { count, counted, isKnown, money, percent } from "./format.js";

const NO_FEES = "Fees of this channel are not read";
const NO_STOCK = "This channel keeps no stock here";

/** Draw both channels from the data of the executive answer. */
export function showChannels({ channelPerformance }) {
  const box = byId("channels").querySelector('[data-part="channels"]');
  box.removeAttribute("aria-busy");
  const channels = [...channelPerformance].sort((one, other) => isShopify(other) - isShopify(one));
  const fees = channels.find((channel) => isConnected(channel) && channel.commission)?.commission.description;
  draw(box, [table(channels), fees ? el("p", { class: "channel-note" }, `Fees of Shopify. ${fees}`) : null]);
}

const isShopify = ({ channel }) => channel.startsWith("Shopify");
// without credentials of Amazon there is the setup prompt in place of this; a Shopify that is configured has its stores' names
const isConfigured = (channel) => !isShopify(channel) || channel.channel !== "Shopify";
const isConnected = ({ status }) => status === "connected";

function table(channels) {
  const shown = FIGURES.filter(([, , isShown]) => !isShown || channels.some(isShown));
  const lines = shown.map(([name, figure], at) => el(
    "tr", {},
    el("th", { scope: "row" }, name),
    channels.map((channel) => (isConnected(channel) ? el("td", { class: "figure" }, figure(channel)) : at === 0 ? notConfigured(channel, shown.length) : null)),
  ));
  return el(
    "table", { class: "compare" },
    el("caption", { class: "hidden-visually" }, "The last 24 hours of each channel"),
    el("thead", {}, el("tr", {}, el("td", {}), channels.map(head))),
    el("tbody", {}, lines),
  );
}

function head(channel) {
  const [, name, stores] = channel.channel.match(/^([^(]*?) ?(\(.*\))?$/) ?? [null, channel.channel];
  const state = isConnected(channel) ? badge("ok", "Connected", "good") : badge("none", isConfigured(channel) ? "Not read yet" : "Not connected", "off");
  return el("th", { scope: "col" }, el("span", { class: "channel" }, name), stores ? el("span", { class: "sub" }, stores.slice(1, -1)) : null, state);
}

function notConfigured(channel, rows) {
  const why = isShopify(channel) ? channel.commission.description : "No orders or stock have been read from Amazon yet.";
  return el("td", { class: "not-configured", rowspan: rows }, el("strong", {}, isConfigured(channel) ? "Waiting for the first sync" : "Channel not configured"), " ", why);
}

/** Name, what a connected channel's cell shows, and (where not always) whether a channel has it at all. */
const FIGURES = [
  ["Revenue", (channel) => each(channel.byCurrency, "revenue", "No order has an amount yet")],
  ["Net revenue", ({ commission }) => each(commission?.byCurrency, "netRevenue", NO_FEES)],
  ["Fees", ({ commission }) => each(commission?.byCurrency, "fees", NO_FEES, ({ rate }) => (isKnown(rate) ? ` (${percent(rate)})` : ""))],
  ["Orders", ({ orders }) => number(orders)],
  ["Customers", (channel) => number(channel.customers, "customers" in channel ? "The token may not read who ordered" : "Amazon is not asked who ordered"), (channel) => isConnected(channel) && "customers" in channel],
  ["Average order", (channel) => each(channel.byCurrency, "averageOrderValue", "No order has an amount yet")],
  ["Inventory", ({ inventoryStatus: stock }) => (stock && isKnown(stock.totalQuantity) ? lines([counted(stock.totalQuantity, "unit"), counted(stock.totalSKUs, "SKU")]) : unknown(stock ? "Stock has not been read yet" : NO_STOCK))],
  ["Low stock", ({ inventoryStatus: stock }) => (stock ? number(stock.lowStockItems) : unknown(NO_STOCK))],
  ["Unshipped", (channel) => number(channel.unshippedOrders, "unshippedOrders" in channel ? "Not known yet" : "This channel does not say what is still to ship")],
];

const number = (value, reason = "Not known yet") => (isKnown(value) ? count(value) : unknown(reason));
const lines = (texts) => texts.map((text) => el("span", { class: "line" }, text));

/** One line for each currency that has orders; nothing sold is one line of 0. */
function each(byCurrency, field, reason, more = () => "") {
  const known = (byCurrency ?? []).filter((one) => isKnown(one[field]));
  const shown = known.filter((one) => one[field] !== 0);
  if (!known.length) return unknown(reason);
  return lines((shown.length ? shown : known.slice(0, 1)).map((one) => `${money(one[field], one.currency)}${more(one)}`));
}
