// Channel performance: Shopify beside Amazon, each currency on its own line, never added.

import { badge, byId, draw, el, unknown } from "./dom.js";
import { count, counted, isKnown, money, percent } from "./format.js";

const NO_FEES = "Fees of this channel are not read";

/** Draw both channels from the data of the executive answer. */
export function showChannels({ channelPerformance }) {
  const box = byId("channels").querySelector('[data-part="channels"]');
  box.removeAttribute("aria-busy");
  const shown = [...channelPerformance].sort((one, other) => other.channel.startsWith("Shopify") - one.channel.startsWith("Shopify"));
  draw(box, shown.map(channel));
}

function channel(data) {
  const isConnected = data.status === "connected";
  const head = el("div", { class: "channel-head" }, el("h3", {}, data.channel), isConnected ? badge("ok", "Connected", "good") : badge("none", "Not connected", "quiet"));
  if (isConnected) {
    const list = el("dl", {}, lines(data).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
    return el("article", { class: "channel" }, head, list, data.commission && el("p", { class: "channel-note" }, `Fees: ${data.commission.description}`));
  }
  const why = data.channel.startsWith("Shopify") ? data.commission.description : "No orders or stock have been read from Amazon yet.";
  return el("article", { class: "channel" }, head, el("p", { class: "not-configured" }, el("strong", {}, "Channel not configured"), " ", why));
}

function lines(data) {
  const { currency, inventoryStatus: stock, commission } = data;
  const amount = (value, reason) => (isKnown(value) && currency ? money(value, currency) : unknown(reason));
  const number = (value) => (isKnown(value) ? count(value) : unknown("Not known yet"));
  const rate = isKnown(commission?.rate) ? ` (${percent(commission.rate)})` : "";
  return [
    ["Revenue", each(data, "revenue", data.revenue)],
    ["Net revenue", amount(data.netRevenue, NO_FEES)],
    ["Fees", [amount(commission?.fees, NO_FEES), rate]],
    ["Orders", number(data.orders)],
    ...("customers" in data ? [["Customers", isKnown(data.customers) ? count(data.customers) : unknown("The token may not read who ordered")]] : []),
    ["Average order", each(data, "averageOrderValue", data.avgOrderValue)],
    ["Inventory", stock ? (isKnown(stock.totalQuantity) ? [el("span", { class: "line" }, counted(stock.totalQuantity, "unit")), el("span", { class: "line" }, counted(stock.totalSKUs, "SKU"))] : unknown("Stock has not been read yet")) : unknown("This channel keeps no stock here")],
    ["Low stock", stock ? number(stock.lowStockItems) : unknown("This channel keeps no stock here")],
    ["Unshipped", stock ? number(data.unshippedOrders) : unknown("This channel does not say what is still to ship")],
  ];
}

function each({ byCurrency, currency }, field, single) {
  const known = byCurrency.filter((one) => isKnown(one[field]));
  if (known.length) return known.map((one) => el("span", { class: "line" }, money(one[field], one.currency)));
  return isKnown(single) && currency ? money(single, currency) : unknown("No order has an amount yet");
}
