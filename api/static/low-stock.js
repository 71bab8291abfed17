// What is out of stock or low: the server's order, lowest available first.

import { badge, el, icon } from "./dom.js";
import { count, counted } from "./format.js";
import { marketplaceName } from "./marketplaces.js";
import { PagedList } from "./paged-list.js";

const STATUSES = {
  "out-of-stock": ["out", "Out of stock", "bad"],
  "low-stock": ["low", "Low", "warn"],
};

/** The badge of a stock status. */
export const stockBadge = (status) => badge(...(STATUSES[status] ?? ["ok", status, "quiet"]));

/** The list; to be refreshed. */
export const lowStock = () => new PagedList({
  id: "low-stock",
  pageSize: 12,
  path: (limit) => `/api/v1/dashboard/amazon-inventory?status=alert&limit=${limit}`,
  rows: (data) => data.items,
  key: (item) => `${item.marketplaceId} ${item.sku}`,
  total: (data) => data.total,
  summary,
  empty,
  columns: [
    { label: "Status", draw: (item) => stockBadge(item.status) },
    { label: "Product", header: true, draw: (item) => el("span", { class: "clip", title: item.productName }, item.productName ?? "Name not given") },
    { label: "SKU", draw: (item) => el("span", { class: "code" }, item.sku) },
    { label: "Marketplace", draw: (item) => marketplaceName(item.marketplaceId) },
    { label: "Available", figure: true, draw: (item) => count(item.fulfillableQuantity) },
    { label: "Inbound", figure: true, draw: (item) => count(item.inboundQuantity) },
    { label: "Threshold", figure: true, draw: (item) => count(item.lowStockThreshold) },
  ],
});

function summary({ alerts, lastSync }) {
  if (!lastSync || !alerts.lowStockCount) return "";
  const low = alerts.lowStockCount - alerts.outOfStockCount;
  return `${count(alerts.outOfStockCount)} out of stock, ${count(low)} low`;
}

function empty({ summary: all, lastSync }) {
  if (!lastSync) return "Stock has not been read from Amazon yet.";
  if (!all.totalSKUs) return "Amazon lists no FBA stock for this account.";
  return [icon("ok"), `Nothing is low: ${counted(all.totalSKUs, "SKU")}, each at its threshold or above.`];
}
