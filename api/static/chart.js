// What draws charts: a small line without axes, and columns over time with the period before as a line.

import { svg } from "./dom.js";

const MARGIN = { top: 8, right: 6, bottom: 22, left: 52 };

/** A small line over `values` (null where unknown), from 0 up. Decorative: the words stand beside it. Null if it would say nothing. */
export function sparkline(values, { isFilled = true } = {}) {
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
    isFilled ? svg("path", { class: "spark-area", d: area }) : [],
    svg("path", { class: "spark-line", d: line, "vector-effect": "non-scaling-stroke" }),
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
 * when it leaves.
 */
export function columns({ width, height, points, format, onPoint }) {
  const inner = Math.max(width - MARGIN.left - MARGIN.right, 40);
  const bottom = height - MARGIN.bottom;
  const ticks = niceTicks(Math.max(0, ...points.map(({ value, before }) => Math.max(value ?? 0, before ?? 0))));
  const y = (value) => bottom - (value / ticks.at(-1)) * (bottom - MARGIN.top);
  const step = inner / points.length;
  const x = (index) => MARGIN.left + index * step;
  const gap = Math.min(4, step * 0.25);
  const node = svg("svg", { class: "columns-chart", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  for (const tick of ticks) {
    node.append(
      svg("line", { class: tick ? "grid-line" : "axis-line", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "axis", x: MARGIN.left - 8, y: y(tick) + 4, "text-anchor": "end" }, format(tick)),
    );
  }
  points.forEach(({ value, label, isPartial }, index) => {
    const top = y(value ?? 0);
    const box = { x: x(index) + gap / 2, y: top, width: Math.max(step - gap, 1), height: Math.max(bottom - top, 0), rx: Math.min(2, step / 4) };
    if (value !== null) node.append(svg("rect", { class: isPartial ? "column is-partial" : "column", "data-index": index, ...box }));
    if (label) node.append(svg("text", { class: "axis", x: Math.min(Math.max(x(index) + step / 2, MARGIN.left + 12), width - 18), y: height - 6, "text-anchor": "middle" }, label));
  });
  const before = runsOf(points.map((point) => point.before ?? null));
  if (before.length) {
    const path = before.map((run) => `M${run.map(([index, value]) => `${x(index) + step / 2} ${y(value)}`).join("L")}`).join("");
    node.append(svg("path", { class: "before-line", d: path }));
  }
  const indexAt = (event) => Math.floor((event.clientX - node.getBoundingClientRect().left - MARGIN.left) / step);
  node.addEventListener("pointermove", (event) => onPoint(Math.min(Math.max(indexAt(event), 0), points.length - 1)));
  node.addEventListener("pointerleave", () => onPoint(null));
  return node;
}

/** Mark the column of this index, or none. */
export function markColumn(chart, index) {
  for (const column of chart.querySelectorAll(".column")) column.classList.toggle("is-marked", Number(column.dataset.index) === index);
}

/** 0 and round steps that reach `most`. */
function niceTicks(most) {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max([1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough), most <= 4 ? 1 : 0);
  return Array.from({ length: Math.ceil(Math.max(most, 1) / step) + 1 }, (_, index) => index * step);
}
