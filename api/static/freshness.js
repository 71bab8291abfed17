// Whose data this is and how old: the DEMO DATA band, the as-of line, and the warnings when the data is old.

import { setTitle } from "./attention.js";
import { byId, el, icon } from "./dom.js";
import { age, minutesSince, time } from "./format.js";
import { clearNotice, notice } from "./notices.js";

const STALE_AFTER_MINUTES = 30; // two missed syncs; the API says so itself while it answers
let metadata = null;

/** Take over `data.metadata` of the executive answer. */
export function showMetadata(fresh) {
  metadata = fresh;
  const demo = metadata.source === "simulator";
  byId("demo").hidden = !demo;
  byId("top").classList.toggle("is-demo", demo);
  setTitle(demo ? "Demo · Amazon Pipeline" : "Amazon Pipeline");
  showAge();
}

/** Write the age again; it grows while nothing else happens. */
export function showAge() {
  if (!metadata) return;
  const stale = isStale();
  const line = byId("freshness");
  line.classList.toggle("is-stale", stale);
  const text = metadata.asOf ? `Data as of ${time(metadata.asOf)} (${age(metadata.asOf)})` : "No data yet";
  if (line.textContent !== text) line.replaceChildren(...(stale ? [icon("low")] : []), el("time", { datetime: metadata.asOf }, text));
  if (stale) notice("stale", "warning", "These figures are old.", `The last complete data is from ${time(metadata.asOf)}. A sync runs every 15 minutes; see the sync status below for what holds it up.`);
  else clearNotice("stale");
}

function isStale() {
  return Boolean(metadata.asOf) && (metadata.stale || minutesSince(metadata.asOf) > STALE_AFTER_MINUTES);
}

/** Forget the data: it is not ours to show (the setup prompt). */
export function hideMetadata() {
  metadata = null;
  byId("top").classList.remove("is-demo");
  byId("demo").hidden = true;
  byId("freshness").hidden = true;
  clearNotice("stale");
}
