// Short messages in the corner. Information goes away by itself; what a person has to act on stays until it is closed.

import { byId, el, icon } from "./dom.js";

const SHOWN_MS = 9_000;
const MOST = 4;
const ICONS = { good: "ok", warn: "low", bad: "out" };

/**
 * Show one toast. `tone` is good, warn or bad; `lines` stand under the title; `action` is `{ label, run }`;
 * `key` replaces an earlier toast of the same key; `stays` keeps it until it is closed.
 */
export function toast({ tone, title, lines = [], action = null, key = null, stays = false }) {
  const box = byId("toasts");
  if (key) box.querySelector(`[data-key="${key}"]`)?.remove();
  const node = el(
    "div",
    { class: "toast", "data-tone": tone, "data-key": key, role: stays ? "alert" : "status" },
    icon(ICONS[tone]),
    el("div", { class: "toast-text" }, el("p", { class: "toast-title" }, title), lines.map((line) => el("p", {}, line))),
  );
  const close = () => node.remove();
  if (action) node.lastChild.append(button(action.label, "link", () => { close(); action.run(); }));
  node.append(button("Close", "close", close));
  node.addEventListener("keydown", (event) => event.key === "Escape" && close());
  if (!stays) leaveLater(node, close);
  makeRoom(box);
  box.append(node);
}

function button(label, look, run) {
  const node = el("button", { type: "button", class: look }, label);
  node.addEventListener("click", run);
  return node;
}

function leaveLater(node, close) {
  let timer = setTimeout(close, SHOWN_MS);
  const wait = () => clearTimeout(timer);
  const go = () => { wait(); timer = setTimeout(close, SHOWN_MS); };
  for (const [name, run] of [["pointerenter", wait], ["focusin", wait], ["pointerleave", go], ["focusout", go]]) {
    node.addEventListener(name, run);
  }
}

function makeRoom(box) {
  while (box.childElementCount >= MOST) (box.querySelector('[role="status"]') ?? box.firstElementChild).remove();
}
