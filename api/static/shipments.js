// Shipments to Amazon, open ones first: what has been received of what was announced, what is missing once Amazon has
// closed one, and how long each has stood where it is.

import { badge, el, unknown } from "./dom.js";
import { calendarDay, count, isKnown, signedCount, words } from "./format.js";
import { PagedList } from "./paged-list.js";

const CALLED_OFF = ["CANCELLED", "DELETED"];
const CLOSED = ["CLOSED", ...CALLED_OFF];

/** The list; to be refreshed. */
export const shipments = () => new PagedList({
  id: "shipments",
  pageSize: 12,
  path: (limit) => `/api/v1/dashboard/amazon-shipments?limit=${limit}`,
  rows: (data) => data.shipments,
  key: (shipment) => shipment.shipmentId,
  total: () => null, // the summary counts the open ones alone
  summary,
  empty: ({ summary: all, metadata }) => (metadata?.asOf && isKnown(all.open) ? "No shipments." : "Shipments have not been read from Amazon yet."),
  columns: [
    { label: "Shipment", header: true, draw: name },
    { label: "Status", draw: (shipment) => badge(null, words(shipment.status), "quiet") },
    { label: "Received", figure: true, draw: received },
    { label: "Discrepancy", figure: true, draw: discrepancy },
    { label: "Days", figure: true, draw: (shipment) => count(shipment.daysInStatus) },
  ],
});

function name({ shipmentId, name: given, destinationFulfillmentCenter: to, needByDate }) {
  const facts = [given && shipmentId, to && `to ${to}`, needByDate && `needed by ${calendarDay(needByDate)}`].filter(Boolean);
  return [el("span", { class: "clip", title: given }, given ?? shipmentId), el("span", { class: "sub" }, facts.join(" · "))];
}

function received({ unitsExpected, unitsReceived }) {
  if (!isKnown(unitsExpected) || !isKnown(unitsReceived)) return unknown("Its contents have not been read yet");
  const bar = el("progress", { max: Math.max(unitsExpected, 1), value: Math.min(unitsReceived, unitsExpected), "aria-hidden": "true" });
  return [`${count(unitsReceived)} of ${count(unitsExpected)}`, bar];
}

function discrepancy({ status, unitsExpected, unitsReceived }) {
  if (CALLED_OFF.includes(status) && !unitsReceived) return unknown("Called off: nothing was to come");
  if (!CLOSED.includes(status)) return unknown("Known once Amazon has closed the shipment");
  if (!isKnown(unitsExpected) || !isKnown(unitsReceived)) return unknown("Its contents have not been read yet");
  const difference = unitsReceived - unitsExpected;
  return difference ? el("strong", { class: "tone", "data-tone": difference < 0 ? "bad" : "warn" }, signedCount(difference)) : "0";
}

function summary({ summary: all }) {
  if (!all.open) return "";
  return `${count(all.open)} open: ${count(all.inTransit)} in transit, ${count(all.receiving)} receiving`;
}
