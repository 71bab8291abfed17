// What draws charts: a small line without axes, and columns over time before the columns of the period before.

import { svg } from "./dom.js";

const MARGIN = { top: 10, right: 4, bottom: 24 };
const DIGIT_PX = 7; // of an axis label, on the wide side

/** A small line over `values` (null where unknown), from 0 up, with a dot at its end. Decorative: the words stand beside it. Null if it would say nothing. */
export function sparkline(values) {
  if (values.filter((value) => value !== null).length < 2) return null;
  const most = Math.max(...values, 1);
  const x = (index) => ((index / (values.length - 1)) * 100).toFixed(2);
  const y = (value) => (23 - (value / most) * 21).toFixed(2);
  const runs = runsOf(values).map((run) => run.map(([index, value]) => `${x(index)} ${y(value)}`));
  const line = runs.map((run) => `M${run.join("L")}`).join("");
  const area = runs.map((run) => `M${run[0].split(" ")[0]} 24L${run.join("L")}L${run.at(-1).split(" ")[0]} 24Z`).join("");
  return svg(
    "svg",
    { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: "spark-area", d: area }),
    svg("path", { class: "spark-line", d: line, "vector-effect": "non-scaling-stroke" }),
    svg("path", { class: "spark-end", d: `M${runs.at(-1).at(-1)}h0`, "vector-effect": "non-scaling-stroke" }),
  );
}

/** Stretches of known values, as [index, value]. */
function runsOf(values) {
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index === 0 || values[index - 1] === null) runs.push([]);
    runs.at(-1).push([index, value]);
  });
  return runs;
}

/**
 * Columns over time. `points` are `{ value, before, label, isPartial }`: value and before are null where unknown, label is
 * what stands under the axis or "". `format` writes the axis. `onPoint(index)` is called as the pointer moves, with null
 * when it leaves. Returns `{ node, mark }`: `mark(index)` lights up one period, or none, and returns where its middle is.
 */
export function columns({ width, height, points, format, onPoint }) {
  const ticks = niceTicks(Math.max(0, ...points.map(({ value, before }) => Math.max(value ?? 0, before ?? 0))));
  const left = 12 + DIGIT_PX * Math.max(...ticks.map((tick) => format(tick).length));
  const bottom = height - MARGIN.bottom;
  const step = Math.max(width - left - MARGIN.right, 40) / points.length;
  const y = (value) => bottom - (value / ticks.at(-1)) * (bottom - MARGIN.top);
  const middle = (index) => left + (index + 0.5) * step;
  const node = svg("svg", { class: "columns-chart", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const light = svg("rect", { class: "light", y: MARGIN.top - 6, width: step, height: bottom - MARGIN.top + 6, rx: 3, visibility: "hidden" });
  node.append(light);
  for (const tick of ticks) {
    node.append(
      svg("line", { class: tick ? "grid-line" : "axis-line", x1: left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "axis", x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, format(tick)),
    );
  }
  const column = (index, value, share, looks) => {
    const wide = Math.max(step * share, 1);
    const high = Math.max(bottom - y(value), value ? 1 : 0);
    return svg("rect", { class: looks, x: middle(index) - wide / 2, y: bottom - high, width: wide, height: high, rx: Math.min(2, wide / 4) });
  };
  const hasBefore = points.some(({ before }) => before);
  points.forEach(({ value, before, label, isPartial }, index) => {
    if (before) {
      const [from, to] = [middle(index) - step * 0.46, middle(index) + step * 0.46];
      node.append(column(index, before, 0.92, "before-column"), svg("line", { class: "before-line", x1: from, x2: to, y1: y(before), y2: y(before) }));
    }
    if (value !== null) node.append(column(index, value, hasBefore ? 0.56 : 0.72, isPartial ? "column is-partial" : "column"));
    if (label) node.append(svg("text", { class: "axis", x: Math.min(Math.max(middle(index), left + 12), width - 20), y: height - 7, "text-anchor": "middle" }, label));
  });
  const indexAt = (event) => Math.floor((event.clientX - node.getBoundingClientRect().left - left) / step);
  const point = (event) => onPoint(Math.min(Math.max(indexAt(event), 0), points.length - 1));
  node.addEventListener("pointermove", point);
  node.addEventListener("pointerdown", point);
  node.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && onPoint(null));
  const mark = (index) => {
    light.setAttribute("visibility", index === null ? "hidden" : "visible");
    if (index === null) return 0;
    light.setAttribute("x", middle(index) - step / 2);
    return middle(index);
  };
  return { node, mark };
}

/** 0 and round steps that reach `most`. */
function niceTicks(most) {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max([1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough), most <= 4 ? 1 : 0);
  return Array.from({ length: Math.ceil(Math.max(most, 1) / step) + 1 }, (_, index) => index * step);
}
