// The bands above the figures that say what is wrong or still to come. One band per subject, drawn again only on change.

import { byId, draw, el, icon } from "./dom.js";

const ICONS = { info: "info", warning: "low", error: "out" };
const bands = new Map();

/** Show the band of a subject, or change its text (text and nodes). `action` is `{ label, run }`. */
export function notice(subject, level, title, text, action = null) {
  const band = bands.get(subject) ?? addBand(subject);
  band.node.dataset.level = level;
  draw(band.icon, icon(ICONS[level]));
  draw(band.text, [el("strong", {}, title), " ", ...[text].flat()]);
  band.button.hidden = !action;
  if (action) {
    draw(band.button, action.label);
    band.button.onclick = action.run;
  }
}

/** Take the band of a subject away. */
export function clearNotice(subject) {
  bands.get(subject)?.node.remove();
  bands.delete(subject);
}

function addBand(subject) {
  const parts = { icon: el("span", {}), text: el("p", {}), button: el("button", { type: "button", class: "button" }) };
  const node = el("div", { class: "notice", "data-subject": subject }, parts.icon, parts.text, parts.button);
  byId("notices").append(node);
  bands.set(subject, { node, ...parts });
  return bands.get(subject);
}
