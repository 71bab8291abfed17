// What the inventory table shows of a SKU, on the screen and in the file that is downloaded.

import { badge, el, unknown } from "./dom.js";
import { calendarDay, count, counted, decimal, isKnown, time } from "./format.js";
import { marketplaceName } from "./marketplaces.js";

const STATUSES = { "out-of-stock": ["out", "Out of stock", "bad"], "low-stock": ["low", "Low", "warn"], "in-stock": ["ok", "In stock", "good"] };
const COVER = { critical: ["Critical", "bad"], warning: ["Short", "warn"], excess: ["Excess", "plain"] };

/** The badge of a stock status. */
export const stockBadge = (status) => badge(...(STATUSES[status] ?? ["info", status, "quiet"]));

/** What names a row for good. */
export const keyOf = (item) => `${item.marketplaceId} ${item.sku}`;

/** The place of the column that `stock-lines.js` fills. */
export const LINE_COLUMN = 5;

export const COLUMNS = [
  { label: "Status", draw: (item) => stockBadge(item.status) },
  { label: "Product", header: true, draw: product },
  { label: "Available", figure: true, draw: (item) => [count(item.fulfillableQuantity), el("span", { class: "sub" }, `threshold ${count(item.lowStockThreshold)}`)] },
  { label: "Reserved", figure: true, draw: (item) => withSplit(item.reservedQuantity, [["customer", item.reservedCustomerOrders], ["transfer", item.reservedFcTransfer], ["processing", item.reservedFcProcessing]]) },
  { label: "Inbound", figure: true, draw: (item) => withSplit(item.inboundQuantity, [["working", item.inboundWorking], ["shipped", item.inboundShipped], ["receiving", item.inboundReceiving]]) },
  { label: "30 days", figure: true },
  { label: "Velocity", figure: true, draw: (item) => (isKnown(item.dailyVelocity) ? [decimal(item.dailyVelocity), el("span", { class: "sub" }, "a day")] : unknown("Orders are not known yet")) },
  { label: "Days of cover", figure: true, draw: cover },
  { label: "Restock", figure: true, draw: restock },
  { label: "Why", draw: (item) => el("button", { type: "button", class: "link", "data-why": keyOf(item), "aria-label": `Why: the arithmetic for ${item.sku}, ${marketplaceName(item.marketplaceId)}` }, "Why") },
];

function product({ sku, asin, productName, marketplaceId, isPoolDuplicate }) {
  const facts = [asin, marketplaceName(marketplaceId), isPoolDuplicate && "shared stock, counted elsewhere"].filter(Boolean).join(" · ");
  return [el("span", { class: "clip name", title: productName }, productName ?? "Name not given"), el("span", { class: "sub" }, el("span", { class: "code" }, sku), facts && ` · ${facts}`)];
}

function withSplit(total, parts) {
  if (!isKnown(total)) return unknown("Amazon has not said");
  const named = parts.filter(([, units]) => units > 0).map(([name, units]) => `${count(units)}\u00a0${name}`);
  if (total === 0) return el("span", { class: "zero" }, "0");
  return [count(total), named.length ? el("span", { class: "sub" }, named.join(", ")) : null];
}

function cover({ daysOfCover, coverStatus }) {
  if (!isKnown(daysOfCover)) return unknown(coverStatus === "no-sales" ? "No unit was sold in the days known" : "Orders are not known yet");
  const [word, tone] = COVER[coverStatus] ?? [];
  return [decimal(daysOfCover), word ? el("span", { class: "sub", "data-tone": tone }, word) : null];
}

function restock({ restockQuantity, isPoolDuplicate }) {
  if (!isKnown(restockQuantity)) return unknown(isPoolDuplicate ? "Advised on in the row that counts these units" : "Orders are not known yet");
  return restockQuantity > 0 ? [el("strong", {}, count(restockQuantity)), el("span", { class: "sub" }, "to order")] : el("span", { class: "zero" }, "0");
}

/** The arithmetic of one row, from the item of the restock answer; `line` says how its stock went. */
export function why(item, advice, line) {
  const plain = (value, show = count) => (isKnown(value) ? show(value) : unknown("Not known"));
  const facts = [
    ["Units in 7, 30, 90 days", `${count(advice.units7d)}, ${count(advice.units30d)}, ${count(advice.units90d)}`],
    ["Supply", plain(advice.supplyQuantity)],
    ["Reorder point", plain(advice.reorderPoint)],
    ["Reorder by", plain(advice.reorderDate, calendarDay)],
    ["Out of stock by", plain(advice.stockoutDate, calendarDay)],
    ["Next arrival", plain(advice.nextArrivalDate, calendarDay)],
    ["Unfulfillable", plain(item.unfulfillableQuantity)],
    ["Researching", plain(item.researchingQuantity)],
    ["Amazon’s last update", plain(item.lastUpdated, time)],
  ];
  return el(
    "div", { class: "why" },
    el("p", {}, advice.explanation),
    el("dl", {}, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    line ? el("p", { class: "muted" }, `Available over time: ${line}.`) : null,
  );
}

/** Heads and cells of the downloaded file: one column a figure, plain numbers, Amazon's own terms. */
export const FILE = [
  ["Status", (item) => item.status], ["SKU", (item) => item.sku], ["ASIN", (item) => item.asin], ["Product", (item) => item.productName],
  ["Marketplace", (item) => marketplaceName(item.marketplaceId)], ["Marketplace id", (item) => item.marketplaceId],
  ["Available", (item) => item.fulfillableQuantity], ["Low stock threshold", (item) => item.lowStockThreshold],
  ["Reserved", (item) => item.reservedQuantity], ["Reserved: customer orders", (item) => item.reservedCustomerOrders],
  ["Reserved: FC transfer", (item) => item.reservedFcTransfer], ["Reserved: FC processing", (item) => item.reservedFcProcessing],
  ["Inbound", (item) => item.inboundQuantity], ["Inbound: working", (item) => item.inboundWorking],
  ["Inbound: shipped", (item) => item.inboundShipped], ["Inbound: receiving", (item) => item.inboundReceiving],
  ["Unfulfillable", (item) => item.unfulfillableQuantity], ["Researching", (item) => item.researchingQuantity],
  ["Velocity, units a day", (item) => item.dailyVelocity], ["Days of cover", (item) => item.daysOfCover],
  ["Cover", (item) => item.coverStatus], ["Restock quantity", (item) => item.restockQuantity],
  ["Last updated", (item) => item.lastUpdated],
];

/** `12 of 340 SKUs` in words, for the line beside the heading. */
export const summaryOf = ({ summary, alerts, lastSync }) => {
  if (!lastSync) return "";
  return `${counted(summary.totalSKUs, "SKU")}: ${count(alerts.outOfStockCount)} out of stock, ${count(alerts.lowStockCount - alerts.outOfStockCount)} low, ${count(alerts.inboundCount ?? 0)} with units inbound`;
};
