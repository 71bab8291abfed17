// The live stream of events. An EventSource retries a cut stream itself, but gives up for good after any answer but 200
// (a restart behind a proxy); then it is made again here, later and later. It is closed while the tab is hidden, because
// a browser allows six connections to a host and a tab in the background must not hold one.

const EVENTS = ["amazon-sync-started", "amazon-sync-completed", "amazon-low-stock-alert", "amazon-sync-error"];
const FIRST_DELAY_MS = 1_000;
const LAST_DELAY_MS = 30_000;

/**
 * Follow /api/sse until the page goes away.
 * `onEvent(name, data)` for each event, `onState("connecting" | "live" | "reconnecting" | "off")`, and `onReturn()` when
 * data may have been missed: the stream came back, or the tab was hidden. Returns `{ start, stop }`.
 */
export function follow({ onEvent, onState, onReturn }) {
  let source = null;
  let timer = 0;
  let delay = FIRST_DELAY_MS;
  let lastEventId = "";
  let started = false;
  let lost = false;

  function open() {
    close();
    source = new EventSource("/api/sse" + (lastEventId ? `?lastEventId=${encodeURIComponent(lastEventId)}` : ""));
    source.addEventListener("open", opened);
    source.addEventListener("error", dropped);
    for (const name of EVENTS) source.addEventListener(name, received);
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function opened() {
    delay = FIRST_DELAY_MS;
    onState("live");
    if (lost) onReturn();
    lost = false;
  }

  function dropped() {
    lost = true;
    onState("reconnecting");
    if (source?.readyState !== EventSource.CLOSED) return;
    timer = setTimeout(open, delay * (0.75 + Math.random() / 2));
    delay = Math.min(delay * 2, LAST_DELAY_MS);
  }

  function received(event) {
    if (event.lastEventId) lastEventId = event.lastEventId;
    onEvent(event.type, JSON.parse(event.data));
  }

  function start() {
    if (started) return;
    started = true;
    onState("connecting");
    if (!document.hidden) open();
  }

  function stop() {
    started = false;
    close();
    onState("off");
  }

  document.addEventListener("visibilitychange", () => {
    if (!started) return;
    if (document.hidden) return close();
    onState("connecting");
    open();
    onReturn();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && started && open());
  return { start, stop };
}
