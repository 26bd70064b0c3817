// The graph of launches: a layer for each step of the longest chain, top to bottom.

const NODE = {width: 124, height: 38, gap: 10, rise: 20, bend: 12};

/** The nodes (launches, inputs and outputs of the model) and the edges between them, by number. */
function buildGraph() {
  const nodes = data.launches.map((launch) => ({launch, layer: 0}));
  const edges = [];
  const inputs = data.inputs.map((name) => nodes.push({end: name, layer: 0}) - 1);
  const outputs = data.outputs.map((name) => nodes.push({end: name, layer: 0}) - 1);
  data.launches.forEach((launch, number) => {
    for (const producer of launch.producers) edges.push([producer, number]);
    for (const input of launch.inputs) edges.push([inputs[input], number]);
    for (const output of launch.outputs) edges.push([number, outputs[output]]);
  });
  return {nodes, edges};
}

/** Longest paths; launches are in an order that respects the edges already. */
function assignLayers({nodes, edges}) {
  const launches = data.launches.length;
  const into = nodes.map(() => []), outOf = nodes.map(() => []);
  for (const [from, to] of edges) {
    into[to].push(from);
    outOf[from].push(to);
  }
  const place = (number) => {
    nodes[number].layer = Math.max(0, ...into[number].map((from) => nodes[from].layer + 1));
  };
  const isLaunch = (number) => number < launches;
  for (let number = 0; number < launches; ++number) place(number);
  // What is made long before it is read moves down to its reader, unless it would draw longer lines behind it.
  for (let number = launches - 1; number >= 0; --number) {
    const readers = outOf[number].filter(isLaunch);
    if (readers.length && readers.length >= into[number].filter(isLaunch).length)
      nodes[number].layer = Math.min(...readers.map((to) => nodes[to].layer)) - 1;
  }
  for (let number = launches; number < nodes.length; ++number) {
    if (into[number].length) place(number);
    // An input stands right above the first launch that reads it.
    else if (outOf[number].length) nodes[number].layer = Math.min(...outOf[number].map((to) => nodes[to].layer)) - 1;
  }
  const first = Math.min(...nodes.map((node) => node.layer));
  for (const node of nodes) node.layer -= first;
}

/**
 * Breaks edges over several layers into pieces from layer to layer, with a narrow node at each bend. Edges from one
 * node share theirs: what many layers read runs down beside them as one line.
 */
function breakEdges({nodes, edges}) {
  const pieces = [], trunks = nodes.map(() => []);
  const paths = edges.map(([from, to]) => {
    const path = [from], trunk = trunks[from];
    for (let layer = nodes[from].layer + 1, step = 0; layer < nodes[to].layer; ++layer, ++step) {
      if (step === trunk.length) {
        trunk.push(nodes.push({bend: true, layer}) - 1);
        pieces.push([path.at(-1), trunk[step]]);
      }
      path.push(trunk[step]);
    }
    pieces.push([path.at(-1), to]);
    return [...path, to];
  });
  return {pieces, paths};
}

const widthOf = (node) => (node.bend ? NODE.bend : NODE.width);

/** Sorts each layer by where its neighbours are, then moves nodes towards them without overlaps. */
function placeNodes(nodes, pieces) {
  const layers = [];
  nodes.forEach((node, number) => (layers[node.layer] ??= []).push(number));
  const neighbours = nodes.map(() => []);
  for (const [from, to] of pieces) {
    neighbours[from].push(to);
    neighbours[to].push(from);
  }
  const spread = (layer) => {
    let x = 0;
    for (const number of layer) {
      nodes[number].x = x + widthOf(nodes[number]) / 2;
      x += widthOf(nodes[number]) + NODE.gap;
    }
    for (const number of layer) nodes[number].x -= (x - NODE.gap) / 2;
  };
  layers.forEach(spread);
  const wish = (number, side) => {
    const seen = neighbours[number].filter((other) => side === 0 || (nodes[other].layer - nodes[number].layer) * side > 0);
    // A pull to the middle, so that a long chain doesn't wander off.
    return seen.length ? 0.85 * seen.reduce((sum, other) => sum + nodes[other].x, 0) / seen.length : nodes[number].x;
  };
  for (let sweep = 0; sweep < 8; ++sweep) {
    const side = sweep % 2 ? 1 : -1;
    for (const layer of side < 0 ? layers : [...layers].reverse()) {
      const wishes = new Map(layer.map((number) => [number, wish(number, side)]));
      layer.sort((a, b) => wishes.get(a) - wishes.get(b));
      spread(layer);
    }
  }
  // Down and up, so that a chain becomes straight from end to end; then a little of both.
  for (let round = 0; round < 40; ++round) {
    const side = round >= 32 ? 0 : round % 2 ? 1 : -1;
    for (const layer of round % 2 ? [...layers].reverse() : layers) settle(nodes, layer, (number) => wish(number, side));
  }
  return layers.length;
}

/** Moves the nodes of a layer to where they wish to be, as far as their order and widths allow. */
function settle(nodes, layer, wish) {
  // Runs of nodes that touch move as one, to the mean of their wishes.
  const runs = [];
  for (const number of layer) {
    let run = {members: [number], width: widthOf(nodes[number]), sum: wish(number) - widthOf(nodes[number]) / 2, count: 1};
    run.start = run.sum;
    while (runs.length && runs.at(-1).start + runs.at(-1).width + NODE.gap > run.start) {
      const before = runs.pop(), shift = before.width + NODE.gap;
      run = {members: [...before.members, ...run.members], width: shift + run.width, count: before.count + run.count,
        sum: before.sum + run.sum - shift * run.count};
      run.start = run.sum / run.count;
    }
    runs.push(run);
  }
  for (const run of runs) {
    let x = run.start;
    for (const number of run.members) {
      nodes[number].x = x + widthOf(nodes[number]) / 2;
      x += widthOf(nodes[number]) + NODE.gap;
    }
  }
}

function drawGraph() {
  const graph = buildGraph();
  assignLayers(graph);
  const {pieces, paths} = breakEdges(graph);
  const {nodes} = graph;
  const depth = placeNodes(nodes, pieces);
  const left = Math.min(...nodes.map((node) => node.x - widthOf(node) / 2)) - 2;
  const right = Math.max(...nodes.map((node) => node.x + widthOf(node) / 2)) + 2;
  const step = NODE.height + NODE.rise;
  const holder = document.getElementById("graph");
  const svg = element(holder, "svg", {width: right - left, height: depth * step - NODE.rise + 4, role: "img",
      "aria-label": "the launches of a run and what each reads"});
  svg.style.margin = "0 auto";
  const top = (node) => 2 + node.layer * step;
  for (const path of paths) drawEdge(svg, path.map((number) => nodes[number]), left, top);
  const longest = Math.max(1e-12, ...data.launches.map((launch) => launch.seconds));
  for (const node of nodes)
    if (!node.bend) drawNode(svg, node, node.x - left, top(node), longest);
  holder.scrollLeft = -left - holder.clientWidth / 2;
}

/** Draws the pieces of an edge that no edge before it shares, and has the nodes at its ends know all of them. */
function drawEdge(svg, path, left, top) {
  for (let i = 1; i < path.length; ++i) {
    const from = path[i - 1], to = path[i];
    const piece = (from.pieces ??= new Map());
    if (!piece.has(to)) {
      const x = to.x - left, y = top(to), fromX = from.x - left, fromY = top(from) + NODE.height, middle = (fromY + y) / 2;
      piece.set(to, element(svg, "path", {class: "edge",
        d: `M${fromX},${fromY}C${fromX},${middle} ${x},${middle} ${x},${y}${to.bend ? `V${y + NODE.height}` : ""}`}));
    }
    for (const end of [path[0], path.at(-1)]) (end.edges ??= []).push(piece.get(to));
  }
}

function clipText(text, length) { return text.length > length ? `${text.slice(0, length - 1)}…` : text; }

function drawNode(svg, node, x, y, longest) {
  const group = element(svg, "g", {class: `node${node.end === undefined ? "" : " end"}`, transform: `translate(${x - NODE.width / 2} ${y})`});
  element(group, "rect", {class: "box", width: NODE.width, height: NODE.height, rx: 4});
  if (node.end !== undefined) {
    element(group, "text", {x: NODE.width / 2, y: NODE.height / 2 + 4, "text-anchor": "middle"}, clipText(node.end, 20));
    element(group, "title", {}, node.end);
    return;
  }
  const {launch} = node, inner = NODE.width - 12;
  element(group, "text", {x: 6, y: 14}, clipText(launch.source || launch.kernel, 18));
  element(group, "text", {x: 6, y: 27, class: "quiet"}, formatSeconds(launch.seconds));
  element(group, "text", {x: NODE.width - 6, y: 27, class: "quiet", "text-anchor": "end"}, formatShare(launch.limit_fraction));
  element(group, "rect", {class: "lost", x: 6, y: 31, height: 4, width: Math.max(1, inner * launch.seconds / longest)});
  element(group, "rect", {class: boundClass(launch), x: 6, y: 31, height: 4,
      width: inner * Math.min(launch.seconds, launch.limit_seconds) / longest});
  link(group, launch.kernel, launch, `${launch.kernel}`);
  group.addEventListener("mouseenter", () => (node.edges ?? []).forEach((edge) => edge.classList.add("on")));
  group.addEventListener("mouseleave", () => (node.edges ?? []).forEach((edge) => edge.classList.remove("on")));
}
