// Open shipments to Amazon: what has been received of what was announced, and how long each has stood where it is.

import { badge, el, unknown } from "./dom.js";
import { calendarDay, count, counted, isKnown, words } from "./format.js";
import { PagedList } from "./paged-list.js";

const CLOSED = ["CLOSED", "CANCELLED", "DELETED"];

/** The list; to be refreshed. The API lists closed shipments too; they are left out here. */
export const shipments = () => new PagedList({
  id: "shipments",
  pageSize: 12,
  path: (limit) => `/api/v1/dashboard/amazon-shipments?limit=${limit}`,
  rows: (data) => data.shipments,
  keep: (shipment) => !CLOSED.includes(shipment.status),
  key: (shipment) => shipment.shipmentId,
  total: (data) => data.summary.open,
  summary,
  empty: ({ summary: all, metadata }) => (metadata?.asOf && isKnown(all.open) ? "No open shipments." : "Shipments have not been read from Amazon yet."),
  columns: [
    { label: "Shipment", header: true, draw: name },
    { label: "Status", draw: (shipment) => badge(null, words(shipment.status), "quiet") },
    { label: "Received", figure: true, draw: received },
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

function summary({ summary: all }) {
  if (!all.open) return "";
  return `${counted(all.inTransit, "shipment")} in transit, ${count(all.receiving)} receiving`;
}
