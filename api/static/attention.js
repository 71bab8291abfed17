// How many alerts are open, in the tab's title and on its icon.

import { byId } from "./dom.js";

const ICON = document.querySelector('link[rel="icon"]');
const PLAIN = ICON.href;
let title = document.title;

/** Give the page this title; the number of open alerts stays before it. */
export function setTitle(text) {
  title = text;
  show();
}

/** Count the alerts that stay until they are closed, now and whenever one comes or goes. */
export function watchAlerts() {
  new MutationObserver(show).observe(byId("toasts"), { childList: true });
}

function show() {
  const open = byId("toasts").querySelectorAll('[role="alert"]').length;
  document.title = open ? `(${open}) ${title}` : title;
  const address = open ? badgeIcon(open) : PLAIN;
  if (ICON.href !== address) ICON.href = address;
}

function badgeIcon(open) {
  const number = open > 9 ? "9+" : open;
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#ad1f17"/><text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="${open > 9 ? 16 : 20}" fill="#fff">${number}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(drawing)}`;
}
