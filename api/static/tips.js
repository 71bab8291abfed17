// What a figure means and how it is reckoned, on demand: by pointer, by keyboard (focus, then Escape) and by touch.

import { byId, el } from "./dom.js";

const tip = () => byId("tip");
let owner = null;

/** Put a small button beside every element with `data-tip`. */
export function addTips() {
  for (const node of document.querySelectorAll("[data-tip]")) {
    const button = el("button", { type: "button", class: "about", "aria-label": `How it is reckoned: ${node.textContent}`, "aria-expanded": "false" }, el("span", { "aria-hidden": "true" }, "?"));
    button.dataset.text = node.dataset.tip;
    button.addEventListener("pointerenter", ({ pointerType }) => pointerType === "mouse" && show(button));
    button.addEventListener("pointerleave", ({ relatedTarget }) => relatedTarget !== tip() && hide());
    button.addEventListener("focus", () => show(button));
    button.addEventListener("blur", hide);
    button.addEventListener("click", () => show(button));
    if (node.tagName === "TH") {
      node.setAttribute("aria-label", node.textContent); // the button is no part of the column's name
      node.append(button);
    } else {
      node.after(button);
    }
  }
  tip().addEventListener("pointerleave", hide);
  addEventListener("keydown", ({ key }) => key === "Escape" && hide());
  addEventListener("scroll", hide, { passive: true });
}

function show(button) {
  hide();
  owner = button;
  const box = tip();
  box.textContent = button.dataset.text;
  box.hidden = false;
  button.setAttribute("aria-expanded", "true");
  button.setAttribute("aria-describedby", "tip");
  const at = button.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left - 12, innerWidth - box.offsetWidth - 8));
  const below = at.bottom + 4;
  const top = below + box.offsetHeight > innerHeight ? at.top - box.offsetHeight - 4 : below;
  Object.assign(box.style, { left: `${left}px`, top: `${top}px` });
}

function hide() {
  if (!owner) return;
  owner.setAttribute("aria-expanded", "false");
  owner.removeAttribute("aria-describedby");
  owner = null;
  tip().hidden = true;
}
