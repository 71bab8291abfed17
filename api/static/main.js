// The page's course: read everything, follow the live events, and say so when either fails.

import { read } from "./api.js";
import { watchAlerts } from "./attention.js";
import { showChannels } from "./channels.js";
import { byId, draw, el } from "./dom.js";
import { counted, time, timeZone } from "./format.js";
import { showAge, showMetadata, hideMetadata } from "./freshness.js";
import { Inventory } from "./inventory.js";
import { stockBadge } from "./inventory-columns.js";
import { changesSince, prepareKpis, showKpis, showNoKpis } from "./kpis.js";
import { follow } from "./live.js";
import { marketplaceName } from "./marketplaces.js";
import { clearNotice, notice } from "./notices.js";
import { orders } from "./orders.js";
import { Sales } from "./sales.js";
import { showSetup } from "./setup.js";
import { shipments } from "./shipments.js";
import { refreshSyncStatus, showSyncAges } from "./sync-status.js";
import { addTips } from "./tips.js";
import { toast } from "./toasts.js";

const EXECUTIVE = "/api/v1/dashboard/executive";
const STOCK_DAYS = "/api/v1/dashboard/amazon-inventory/daily?days=30";
const TICK_MS = 15_000;
const WITHOUT_LIVE_MS = 60_000; // how often to look when no event can tell us
const SETUP_MS = 15_000;
const RETRY_MS = [3_000, 6_000, 12_000, 30_000, 60_000];

prepareKpis();
const sales = new Sales();
const inventory = new Inventory();
const lists = { orders: orders(), shipments: shipments() };
const live = follow({ onEvent, onState: showLive, onReturn: refresh });
let executive = null;
let stockDays = null;
let running = null;
let again = false;
let failures = 0;
let retryTimer = 0;
let liveState = "connecting";
let syncing = false;
let drops = 0;

/** Read everything anew. Calls while one runs become one more run after it. */
function refresh() {
  if (running) again = true;
  else running = runRefresh().finally(() => { running = null; });
  return running;
}

async function runRefresh() {
  do {
    again = false;
    clearTimeout(retryTimer);
    const outcomes = await Promise.all([
      refreshExecutive(),
      sales.refresh(),
      inventory.refresh(),
      lists.orders.refresh(),
      lists.shipments.refresh(),
      refreshStockDays(),
      refreshSyncStatus(),
    ]);
    judge(outcomes);
  } while (again);
}

async function refreshExecutive() {
  const outcome = await read(EXECUTIVE);
  if (outcome.kind === "data") {
    executive = outcome.data;
    showMetadata(executive.metadata);
    showChannels(executive);
    if (!lists.orders.data) drawKpis();
  }
  return outcome;
}

async function refreshStockDays() {
  const outcome = await read(STOCK_DAYS);
  if (outcome.kind === "data") stockDays = outcome.data;
  return outcome;
}

function drawKpis() {
  if (executive) showKpis(executive, lists.orders.data, inventory.data, sales.hourly, stockDays);
}

/** What the outcomes of one round mean for the page as a whole. */
function judge(outcomes) {
  if (outcomes.some(({ kind }) => kind === "login")) return location.assign("/login");
  const setup = outcomes.find(({ kind }) => kind === "setup");
  if (setup) return enterSetup(setup);
  const failed = outcomes.filter(({ kind }) => kind === "failed");
  drawKpis();
  if (failed.length) tellFailure(failed);
  else recovered();
  tellFirstSync();
  live.start();
  requestAnimationFrame(() => document.body.classList.add("settled"));
}

function tellFailure(failed) {
  const unreached = failed.some(({ reached }) => !reached);
  const kept = executive?.metadata.asOf ? `Shown is the data as of ${time(executive.metadata.asOf)}. ` : "";
  if (!executive) showNoKpis(unreached ? "The API does not answer" : "Could not be read");
  notice(
    "api",
    "error",
    unreached ? "The API does not answer." : "Some figures could not be read.",
    `${unreached ? "" : `${failed[0].message} `}${kept}The page tries again by itself.`,
    { label: "Try now", run: refresh },
  );
  retryTimer = setTimeout(refresh, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
  failures += 1;
}

function recovered() {
  failures = 0;
  clearNotice("api");
}

function tellFirstSync() {
  if (!executive || executive.metadata.asOf) return clearNotice("first-sync");
  const { connectionError } = executive.metadata;
  if (connectionError) notice("first-sync", "error", "The first sync failed.", [`${connectionError} It is tried again every 15 minutes. `, el("a", { href: "/docs/integrations/amazon-sp-api-setup" }, "Setup guide")]);
  else if (syncing) notice("first-sync", "info", "The first sync is running.", "Figures appear here by themselves when it has finished.");
  else notice("first-sync", "info", "The first sync has not finished.", "Figures appear here by themselves when it has.");
}

function enterSetup(setup) {
  live.stop();
  hideMetadata();
  clearNotice("api");
  clearNotice("first-sync");
  showSetup(setup);
  setInterval(async () => {
    const { kind } = await read(EXECUTIVE);
    if (kind === "data" || kind === "login") location.reload();
  }, SETUP_MS);
}

function showLive(state) {
  liveState = state;
  drops = state === "reconnecting" ? drops + 1 : state === "live" ? 0 : drops;
  const texts = { connecting: "Connecting…", live: syncing ? "Live, syncing…" : "Live", reconnecting: "Reconnecting…", off: "Not connected" };
  const pill = byId("live");
  pill.dataset.state = state === "live" && syncing ? "syncing" : state;
  if (byId("live-text").textContent !== texts[state]) byId("live-text").textContent = texts[state];
  // is it only the stream, or the whole API? Twice, because a server that stops may still answer the first time
  if (state === "reconnecting" && drops <= 2) refresh();
}

const handlers = {
  "amazon-sync-started": () => tellFirstSync(),
  "amazon-sync-completed": syncCompleted,
  "amazon-sync-error": syncFailed,
  "amazon-low-stock-alert": alertLowStock,
};

function onEvent(name, data) {
  syncing = name === "amazon-sync-started" || (syncing && name === "amazon-low-stock-alert");
  showLive(liveState);
  handlers[name](data);
}

async function syncCompleted({ timestamp }) {
  const before = executive;
  await refresh();
  if (!executive) return;
  const changes = changesSince(before, executive);
  toast({ tone: "good", key: "synced", title: `Synced at ${time(timestamp)}`, lines: changes.length ? changes : ["No headline figure changed."] });
}

function syncFailed({ error }) {
  toast({ tone: "bad", key: "sync-error", title: "The sync did not finish", lines: [error], stays: true });
  refresh();
}

function alertLowStock({ count: total, items }) {
  const lines = items.map((item) => [stockBadge(item.status), ` ${item.productName ?? item.sku}, ${marketplaceName(item.marketplaceId)}`]);
  const more = total - items.length;
  toast({
    tone: "warn",
    title: `Low stock: ${counted(total, "SKU needs", "SKUs need")} attention`,
    lines: more > 0 ? [...lines, `and ${counted(more, "more", "more")}`] : lines,
    action: { label: "View inventory", run: () => inventory.show("alert") },
    stays: true,
  });
}

/** The counts of the cards lead to their rows. */
function followCount(event) {
  const link = event.target.closest("a[data-status]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  inventory.show(link.dataset.status);
}

addTips();
watchAlerts();
byId("kpis").addEventListener("click", followCount);
draw(byId("time-zone"), `Times are in your time zone, ${timeZone()}.`);
refresh();
setInterval(() => { showAge(); showSyncAges(); }, TICK_MS);
setInterval(() => { if (liveState !== "live" && !document.hidden && byId("dashboard")) refresh(); }, WITHOUT_LIVE_MS);
