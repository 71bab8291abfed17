// The setup prompt: what to do when Amazon is not configured. While it shows, the page holds no figure at all.

import { byId, el } from "./dom.js";

/** Show the prompt instead of the dashboard. `missing` names the variables that are not set. */
export function showSetup({ message, missing }) {
  byId("setup-message").textContent = message;
  byId("setup-names").replaceChildren(...missing.map((name) => el("li", {}, el("code", {}, name))));
  byId("setup-missing").hidden = missing.length === 0;
  byId("setup").hidden = false;
  byId("dashboard").remove();
}
