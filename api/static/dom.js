// Building and changing elements. Text only ever goes in as text, so no answer of the API can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A new element: attributes (class, href, …; `null` leaves one out), then children (nodes or strings; `null` is skipped). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** A new SVG element, as `el` makes them. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.flat());
  return node;
}

/** One of the icons of index.html; decorative, the word stands beside it. */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));
}

/** Icon and word in a tinted pill. Tones: bad, warn, good, quiet. */
export function badge(iconName, word, tone) {
  return el("span", { class: "badge", "data-tone": tone }, iconName && icon(iconName), word);
}

/** What stands where a figure is unknown: a dash, and why. */
export function unknown(reason) {
  return el("span", { class: "unknown", title: reason }, el("span", { "aria-hidden": "true" }, "—"), hidden(reason));
}

/** Text for screen readers only. */
export const hidden = (text) => el("span", { class: "hidden-visually" }, text);

const ARROWS = { up: ["▲", "Up "], down: ["▼", "Down "], neutral: ["", ""] };

/** By how much something went up or down; coloured where one way is the `better` one ("up" or "down"). */
export function delta(trend, text, better = null) {
  const [arrow, word] = ARROWS[trend] ?? ARROWS.neutral;
  const tone = !better || !arrow ? null : trend === better ? "good" : "bad";
  return el("span", { class: "delta", "data-tone": tone }, arrow ? el("span", { class: "arrow", "aria-hidden": "true" }, arrow) : null, word ? hidden(word) : null, text);
}

const drawn = new WeakMap();

/**
 * Give `node` new children, but only if `content` (nodes or strings) reads differently from what it holds.
 * A node that changes after its first drawing lights up for a moment.
 */
export function draw(node, content) {
  const children = [content].flat().filter((child) => child !== null && child !== undefined);
  const signature = children.map((child) => (typeof child === "string" ? child : child.outerHTML)).join("|");
  const before = drawn.get(node);
  if (before === signature) return false;
  const held = node.contains(document.activeElement) && node !== document.activeElement;
  node.replaceChildren(...children);
  if (held) node.querySelector("a, button")?.focus({ preventScroll: true });
  drawn.set(node, signature);
  if (before !== undefined) flash(node);
  return before !== undefined;
}

/** Light an element up for a moment, once the page has all its first figures. */
export function flash(node) {
  if (!document.body.classList.contains("settled")) return;
  node.classList.remove("changed");
  void node.offsetWidth; // restarts the animation
  node.classList.add("changed");
  node.addEventListener("animationend", () => node.classList.remove("changed"), { once: true });
}
