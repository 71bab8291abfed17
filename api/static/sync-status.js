// One line per stream of data: up to date, catching up, or failed and why.

import { read } from "./api.js";
import { badge, byId, draw, el, hidden, icon } from "./dom.js";
import { age, words } from "./format.js";

const PATH = "/api/v1/dashboard/sync-status";
const STATES = {
  ok: ["ok", "Up to date", "good"],
  backlog: ["sync", "Catching up", "warn"],
  failed: ["out", "Failed", "bad"],
  "not-available": ["none", "Not available", "quiet"],
};
let streams = null;

/** Read and draw. Returns the outcome of `api.js`. */
export async function refreshSyncStatus() {
  const outcome = await read(PATH);
  if (outcome.kind === "data") {
    streams = outcome.data.streams;
    showSyncAges();
  } else if (outcome.kind === "failed" && !streams) {
    drawList([el("li", { class: "muted" }, outcome.message)]);
  }
  return outcome;
}

/** Draw again: the ages grow. */
export function showSyncAges() {
  if (!streams) return;
  const isOne = new Set(streams.map((each) => each.sellerId).filter((id) => !isStore(id))).size < 2;
  const inTroubleFirst = [...streams].sort((one, other) => (one.status === "ok") - (other.status === "ok"));
  drawList(streams.length ? inTroubleFirst.map((each) => line(each, isOne)) : [el("li", { class: "muted" }, "No sync has finished yet.")]);
}

const STORE_DOMAIN = ".myshopify.com";
const isStore = (sellerId) => sellerId.endsWith(STORE_DOMAIN);

/** The stream, and whose it is: of a store always, of a seller where there are several. */
function named(stream, sellerId, isOne) {
  if (isStore(sellerId)) return `${words(stream)}, ${sellerId.slice(0, -STORE_DOMAIN.length)}`;
  return isOne ? words(stream) : `${words(stream)}, ${sellerId}`;
}

function drawList(lines) {
  byId("sync-streams").removeAttribute("aria-busy");
  draw(byId("sync-streams"), lines);
}

function line({ sellerId, stream, status, lastSuccessAt, message }, isOne) {
  const [iconName, word, tone] = STATES[status] ?? ["info", words(status), "quiet"];
  return el(
    "li",
    { class: status === "ok" ? null : "in-trouble" },
    el("span", { class: "stream" }, named(stream, sellerId, isOne)),
    status === "ok" ? el("span", { class: "badge", "data-tone": tone }, icon(iconName), hidden(word)) : badge(iconName, word, tone),
    el("span", { class: "muted" }, lastSuccessAt ? age(lastSuccessAt) : "never succeeded"),
    message ? el("p", {}, message) : null,
  );
}
