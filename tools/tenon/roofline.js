// What roofline.html draws of the JSON of `tenon inspect --roofline`: a chart, a table and a graph that share one focus.

const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

// ---- Text and elements -----------------------------------------------------------------------------------------

function digits(value) {
  const size = Math.abs(value);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

function withUnit(value, units, base) {
  let unit = 0;
  while (unit + 1 < units.length && value >= base) {
    value /= base;
    ++unit;
  }
  return `${digits(value)} ${units[unit]}`;
}

const formatSeconds = (value) => withUnit(value * 1e9, ["ns", "us", "ms", "s"], 1000);
const formatBytes = (value) => withUnit(value, ["B", "KiB", "MiB", "GiB"], 1024);
const formatFlops = (value) => (value ? withUnit(value, ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"], 1000) : "-");
const formatShare = (value) => `${(100 * value).toFixed(1)} %`;

function element(parent, name, attributes = {}, text) {
  const made = parent.namespaceURI === SVG || name === "svg" ? document.createElementNS(SVG, name)
                                                             : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

const countOf = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const boundClass = (entry) => (entry.bound === "compute" ? "compute" : "memory");
const gflops = (entry) => entry.flops / entry.seconds / 1e9;
const total = data.total;

// ---- The focus: the kernel under the pointer, in every view ------------------------------------------------------

const tip = document.getElementById("tip");
const views = new Map(); // by kernel: the elements that show it

function showTip(event, entry, title) {
  const rows = [
    ["from", entry.source],
    ["calls", entry.calls > 1 ? entry.calls : ""],
    ["time", `${formatSeconds(entry.seconds)}, ${formatShare(entry.seconds / total.seconds)} of all`],
    ["limit", `${formatSeconds(entry.limit_seconds)} (${entry.bound}), ${formatShare(entry.limit_fraction)} reached`],
    ["predicted", entry.predicted_seconds ? formatSeconds(entry.predicted_seconds) : ""],
    ["arithmetic", entry.flops ? `${formatFlops(entry.flops)}, ${digits(gflops(entry))} GFLOP/s` : ""],
    ["data", `${formatBytes(entry.bytes)}, ${digits(entry.bytes / entry.seconds / 1e9)} GB/s`],
    ["runs on", entry.serial === undefined ? "" : entry.serial ? "one thread" : "all threads"],
  ];
  tip.replaceChildren();
  element(tip, "b", {}, title);
  const table = element(element(tip, "table"), "tbody");
  for (const [key, value] of rows.filter((row) => row[1])) {
    const line = element(table, "tr");
    element(line, "td", {}, key);
    element(line, "td", {}, value);
  }
  tip.style.display = "block";
  const box = tip.getBoundingClientRect();
  const left = event.clientX + 14 + box.width > innerWidth ? event.clientX - 14 - box.width : event.clientX + 14;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - box.height - 4))}px`;
}

/** Has `shown` stand for the kernel of `entry`: pointing at it marks that kernel everywhere. */
function link(shown, kernel, entry, title) {
  if (!views.has(kernel)) views.set(kernel, []);
  views.get(kernel).push(shown);
  shown.addEventListener("mouseenter", () => views.get(kernel).forEach((view) => view.classList.add("on")));
  shown.addEventListener("mousemove", (event) => showTip(event, entry, title));
  shown.addEventListener("mouseleave", () => {
    tip.style.display = "none";
    views.get(kernel).forEach((view) => view.classList.remove("on"));
  });
}

// ---- The roofline chart ------------------------------------------------------------------------------------------

function levelsOf(limits) {
  return [["L1", limits.l1_gbytes], ["L2", limits.l2_gbytes], ["L3", limits.l3_gbytes], ["memory", limits.memory_gbytes]]
      .filter((level) => level[1] > 0);
}

/** Calls `place` for the round numbers between two powers of ten: fewer of them over a longer stretch. */
function drawTicks(from, to, place) {
  for (let power = Math.floor(from); power <= to; ++power)
    for (const factor of to - from < 3 ? [1, 2, 5] : [1]) {
      const value = factor * Math.pow(10, power);
      if (Math.log10(value) >= from && Math.log10(value) <= to) place(value, String(+value.toPrecision(1)));
    }
}

function drawRoofline() {
  const holder = document.getElementById("roofline");
  holder.replaceChildren();
  // A clock may be too coarse for the shortest.
  const placed = data.kernels.filter((kernel) => kernel.flops > 0 && kernel.seconds > 0);
  const width = Math.max(280, holder.clientWidth), height = Math.max(260, Math.min(400, width * 0.52));
  const margin = {left: 40, right: 10, top: 20, bottom: 34};
  const peak = data.limits.f32_gflops, levels = levelsOf(data.limits);
  const slowest = Math.min(...levels.map((level) => level[1])), fastest = Math.max(...levels.map((level) => level[1]));
  const xs = placed.map((kernel) => Math.log10(kernel.flops / kernel.bytes)), ys = placed.map((kernel) => Math.log10(gflops(kernel)));
  const xFrom = Math.min(Math.log10(peak / fastest) - 0.6, ...xs.map((x) => x - 0.25));
  const xTo = Math.max(Math.log10(peak / slowest) + 0.6, ...xs.map((x) => x + 0.25));
  const highest = Math.max(peak, data.limits.bf16_gflops, data.limits.int8_gops);
  const yTo = Math.max(Math.log10(highest) + 0.25, ...ys.map((y) => y + 0.15));
  const yFrom = Math.min(Math.log10(slowest) + Math.max(xFrom, -1), Math.log10(peak) - 2, ...ys.map((y) => y - 0.2));
  const x = (value) => margin.left + (Math.log10(value) - xFrom) / (xTo - xFrom) * (width - margin.left - margin.right);
  const y = (value) => height - margin.bottom - (Math.log10(value) - yFrom) / (yTo - yFrom) * (height - margin.top - margin.bottom);
  const bottom = height - margin.bottom;

  const svg = element(holder, "svg", {width, height, role: "img", "aria-label": "GFLOP/s over FLOP per byte of each kernel"});
  element(element(svg, "clipPath", {id: "plot"}), "rect",
      {x: margin.left, y: margin.top, width: width - margin.left - margin.right, height: bottom - margin.top});
  drawTicks(xFrom, xTo, (value, text) => {
    element(svg, "line", {class: "grid", x1: x(value), x2: x(value), y1: margin.top, y2: bottom});
    element(svg, "text", {class: "quiet", x: x(value), y: bottom + 14, "text-anchor": "middle"}, text);
  });
  drawTicks(yFrom, yTo, (value, text) => {
    element(svg, "line", {class: "grid", x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value)});
    element(svg, "text", {class: "quiet", x: margin.left - 6, y: y(value) + 4, "text-anchor": "end"}, text);
  });
  element(svg, "text", {class: "quiet", x: width - margin.right, y: height - 4, "text-anchor": "end"}, "FLOP per byte");
  element(svg, "text", {class: "quiet", x: 0, y: 10}, "GFLOP/s");
  element(svg, "line", {class: "axis", x1: margin.left, x2: width - margin.right, y1: bottom, y2: bottom});

  const plot = element(svg, "g", {"clip-path": "url(#plot)"});
  const taken = drawRoofs(svg, plot, {x, y, xFrom, xTo, yFrom, right: width - margin.right}, levels, peak);
  drawPoints(plot, svg, placed, {x, y, right: width - margin.right}, taken);
}

/** Returns the boxes of the texts that points' names must not cover. */
function drawRoofs(svg, plot, scale, levels, peak) {
  const {x, y} = scale, most = Math.pow(10, scale.xTo), least = Math.pow(10, scale.xFrom);
  const taken = [];
  const flat = (rate, from, text, style) => {
    element(plot, "line", {class: style, x1: x(from), x2: x(most), y1: y(rate), y2: y(rate)});
    const written = element(svg, "text", {x: scale.right - 4, y: y(rate) - 5, "text-anchor": "end",
      class: style.includes("one") ? "quiet" : ""}, text);
    taken.push({from: scale.right - 4 - written.getComputedTextLength(), to: scale.right, top: y(rate) - 16, bottom: y(rate) - 3});
  };
  const fastest = Math.max(...levels.map((level) => level[1]));
  flat(peak, peak / fastest, `${digits(peak)} GFLOP/s`, "roof");
  if (data.limits.int8_gops > 0) flat(data.limits.int8_gops, data.limits.int8_gops / fastest, "int8", "roof one");
  if (data.limits.bf16_gflops > 0) flat(data.limits.bf16_gflops, data.limits.bf16_gflops / fastest, "bf16", "roof one");
  if (data.threads > 1) {
    const one = data.limits_one_thread.f32_gflops;
    flat(one, one / fastest, "one thread", "roof one");
  }
  for (const [name, rate] of levels) {
    element(plot, "line", {class: "roof", x1: x(least), x2: x(peak / rate), y1: y(rate * least), y2: y(peak)});
    // A little behind where the line enters the plot, at its left edge or its bottom.
    const start = Math.max(least, Math.pow(10, scale.yFrom) / rate) * Math.pow(most / least, 14 / (scale.right - x(least)));
    const angle = -Math.atan2(y(rate * least) - y(rate * most), x(most) - x(least)) * 180 / Math.PI;
    element(plot, "text", {x: x(start), y: y(rate * start) - 4, transform: `rotate(${angle} ${x(start)} ${y(rate * start)})`,
        class: "quiet"}, scale.right > 480 ? `${name} ${digits(rate)} GB/s` : name);
  }
  return taken;
}

function drawPoints(plot, svg, kernels, {x, y, right}, taken) {
  const points = kernels.map((kernel) => ({kernel, x: x(kernel.flops / kernel.bytes), y: y(gflops(kernel)),
    radius: 3.5 + 14 * Math.sqrt(kernel.seconds / total.seconds)}));
  for (const point of points)
    link(element(plot, "circle", {class: `point ${boundClass(point.kernel)}`, cx: point.x, cy: point.y, r: point.radius}),
        point.kernel.name, point.kernel, point.kernel.name);
  for (const point of points)
    taken.push({from: point.x - point.radius, to: point.x + point.radius, top: point.y - point.radius,
      bottom: point.y + point.radius});
  for (const point of points.slice(0, 8))
    if (point.kernel.seconds > 0.02 * total.seconds) labelPoint(svg, point, taken, right);
}

/** Writes the kernel's name on the first side of its point where it covers nothing, or nowhere. */
function labelPoint(svg, point, taken, right) {
  const text = element(svg, "text", {class: "label"}, point.kernel.name), length = text.getComputedTextLength();
  const aside = point.radius + 4;
  for (const [dx, dy] of [[aside, 4], [-aside - length, 4], [-length / 2, -aside], [-length / 2, aside + 9]]) {
    const box = {from: point.x + dx, to: point.x + dx + length, top: point.y + dy - 10, bottom: point.y + dy + 2};
    const covers = (other) => box.from < other.to && other.from < box.to && box.top < other.bottom && other.top < box.bottom;
    if (box.to > right || taken.some(covers)) continue;
    text.setAttribute("x", box.from);
    text.setAttribute("y", point.y + dy);
    taken.push(box);
    return;
  }
  text.remove();
}

// ---- The table ---------------------------------------------------------------------------------------------------

const columns = [
  {title: "kernel", name: true, text: (kernel) => kernel.name, key: (kernel) => kernel.name},
  {title: "from", name: true, wide: true, text: (kernel) => kernel.source, key: (kernel) => kernel.source},
  {title: "calls", wide: true, text: (kernel) => kernel.calls, key: (kernel) => -kernel.calls},
  {title: "time", text: (kernel) => formatSeconds(kernel.seconds), key: (kernel) => -kernel.seconds},
  {title: "", bar: true},
  {title: "share", wide: true, text: (kernel) => formatShare(kernel.seconds / total.seconds), key: (kernel) => -kernel.seconds},
  {title: "of limit", text: (kernel) => formatShare(kernel.limit_fraction), key: (kernel) => kernel.limit_fraction},
  {title: "above it", wide: true, text: (kernel) => (kernel.seconds > kernel.limit_seconds ? formatSeconds(kernel.seconds - kernel.limit_seconds) : "-"),
    key: (kernel) => kernel.limit_seconds - kernel.seconds},
  {title: "bound", wide: true, text: (kernel) => kernel.bound, key: (kernel) => kernel.bound},
];

let sortedBy = 3;

function compare(a, b) { return a < b ? -1 : a > b ? 1 : 0; }

function drawBar(cell, entry, longest) {
  const svg = element(cell, "svg", {height: 12, width: "100%"});
  const share = (seconds) => `${Math.min(100, 100 * seconds / longest)}%`;
  element(svg, "rect", {class: "lost", y: 1, height: 10, width: share(entry.seconds)});
  element(svg, "rect", {class: boundClass(entry), y: 1, height: 10, width: share(Math.min(entry.limit_seconds, entry.seconds))});
  if (entry.predicted_seconds)
    element(svg, "line", {stroke: "var(--mark)", "stroke-width": 1.5, y1: 0, y2: 12, x1: share(entry.predicted_seconds),
        x2: share(entry.predicted_seconds)});
}

function drawTable() {
  const table = document.getElementById("kernels");
  table.replaceChildren();
  const classOf = (column) => [column.name && "name", column.wide && "wide", column.bar && "bar"].filter(Boolean).join(" ");
  const heading = element(element(table, "thead"), "tr");
  columns.forEach((column, number) => {
    const cell = element(heading, "th", {class: classOf(column), scope: "col"});
    if (!column.key) return;
    if (number === sortedBy) cell.setAttribute("aria-sort", "descending");
    element(cell, "button", {type: "button"}, column.title).addEventListener("click", () => {
      sortedBy = number;
      drawTable();
    });
  });
  const longest = Math.max(1e-12, ...data.kernels.map((kernel) => Math.max(kernel.seconds, kernel.limit_seconds)));
  const body = element(table, "tbody");
  const key = columns[sortedBy].key;
  for (const kernel of [...data.kernels].sort((a, b) => compare(key(a), key(b)))) {
    const row = element(body, "tr");
    for (const column of columns) {
      const cell = element(row, "td", {class: classOf(column)}, column.text ? column.text(kernel) : undefined);
      if (column.bar) drawBar(cell, kernel, longest);
      // Where there is no room for the column of sources.
      if (column.title === "kernel") element(cell, "small", {}, kernel.source);
    }
    link(row, kernel.name, kernel, kernel.name);
  }
  const foot = element(element(table, "tfoot"), "tr");
  for (const column of columns)
    element(foot, "td", {class: classOf(column)},
        column.title === "kernel" ? "all" : column.text && !["from", "bound"].includes(column.title) ? column.text(total) : "");
}

// ---- The page ----------------------------------------------------------------------------------------------------

function drawFacts() {
  document.title = `${data.model}: roofline`;
  document.getElementById("model").textContent = data.model;
  document.getElementById("subtitle").textContent =
      `${data.cpu}, ${countOf(data.threads, "thread")}, medians of ${data.runs} runs`;
  const facts = document.getElementById("facts");
  const fact = (name, value, note = "") => {
    const holder = element(facts, "div");
    element(holder, "dt", {}, name);
    const shown = element(holder, "dd", {}, `${value} `);
    if (note) element(shown, "small", {}, note);
  };
  fact("a run", formatSeconds(data.run_seconds), `${formatSeconds(total.seconds)} in kernels`);
  fact("of the limit", formatShare(total.limit_fraction), `${formatSeconds(total.limit_seconds)} possible`);
  if (total.flops) fact("arithmetic", `${digits(gflops(total))} GFLOP/s`, `of ${digits(data.limits.f32_gflops)}`);
  fact("data", `${digits(total.bytes / total.seconds / 1e9)} GB/s`, `${formatBytes(total.bytes)} moved`);
  const launches = data.launches.length;
  fact("kernels", data.kernels.length, `in ${launches} launch${launches === 1 ? "" : "es"}`);
  const unplaced = data.kernels.filter((kernel) => !kernel.flops);
  const seconds = unplaced.reduce((sum, kernel) => sum + kernel.seconds, 0);
  if (unplaced.length)
    document.getElementById("unplaced").textContent =
        `not shown: ${countOf(unplaced.length, "kernel")} without multiply-adds, ${formatShare(seconds / total.seconds)} of the time`;
}

drawFacts();
drawRoofline();
drawTable();
drawGraph();
let drawnWidth = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === drawnWidth) return;
  drawnWidth = innerWidth;
  drawRoofline();
});
