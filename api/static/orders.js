// Orders of the last 24 hours, newest first.

import { badge, el, unknown } from "./dom.js";
import { count, counted, isKnown, money, time, words } from "./format.js";
import { marketplaceName } from "./marketplaces.js";
import { PagedList } from "./paged-list.js";

const FULFILLED_BY = { AFN: "Amazon", MFN: "Seller" };

/** The list; to be refreshed. */
export const orders = () => new PagedList({
  id: "orders",
  pageSize: 25,
  path: (limit) => `/api/v1/dashboard/amazon-orders?limit=${limit}`,
  rows: (data) => data.orders,
  key: (order) => order.amazonOrderId,
  total: () => null, // the list holds Multi-Channel orders, which the summary does not count
  summary,
  empty: ({ dateRange }) => (dateRange?.end ? "No orders in these 24 hours." : "Orders have not been read from Amazon yet."),
  columns: [
    { label: "Placed", draw: (order) => el("time", { datetime: order.purchaseDate }, time(order.purchaseDate)) },
    { label: "Order", header: true, draw: (order) => el("span", { class: "code" }, order.amazonOrderId) },
    { label: "Status", draw: (order) => badge(null, words(order.orderStatus), "quiet") },
    { label: "Marketplace", draw: (order) => marketplaceName(order.marketplaceId) },
    { label: "By", draw: (order) => FULFILLED_BY[order.fulfillmentChannel] ?? order.fulfillmentChannel ?? unknown("Amazon does not say who fulfils it") },
    { label: "Shipped", figure: true, draw: (order) => units(order.itemsShipped) },
    { label: "To ship", figure: true, draw: (order) => units(order.itemsUnshipped) },
    { label: "Total", figure: true, draw: total },
  ],
});

const units = (value) => (isKnown(value) ? el("span", { class: value ? null : "zero" }, count(value)) : unknown("Amazon has not said yet"));

function total({ orderTotal, currency }) {
  return isKnown(orderTotal) && currency ? money(orderTotal, currency) : unknown("Amazon has given no amount yet");
}

function summary({ summary: all, dateRange }) {
  if (!isKnown(all.totalOrders) || !dateRange?.end) return "";
  const parts = [counted(all.totalOrders, "order"), `${count(all.canceledCount)} canceled`];
  return `${time(dateRange.start)} to ${time(dateRange.end)}: ${parts.join(", ")}`;
}
