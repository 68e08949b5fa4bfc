const ZOOM_DELAY = 250; // ms
const SAY_DELAY = 150; // ms: longer than Plotly waits between two hovers
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
  const [header] = unpack(data);
  const state = instanceOf(parentElement, () => ({
    chart: null, frame: 0, timer: 0, saying: 0, walks: false, at: null,
  }));
  state.send = setTriggerValue;
  state.clicks = header.clicks;
  state.says = header.says;
  state.zooms = header.zooms;
  state.mark = header.mark;
  state.place = `.st-key-${CSS.escape(className(header.chart))}`;
  state.selector = `${state.place} .js-plotly-plot`;
  if (!state.observer) {
    state.onClick = (event) => tell(state, event);
    state.onZoom = (event) => zoomed(state, event);
    state.onWhole = () => later(state, { whole: true });
    state.onLabel = (event) => tellRow(state, event);
    state.onDrawn = () => { drawMark(state); showWalker(state); };
    state.observer = new MutationObserver(() => {
      if (!state.frame) state.frame = requestAnimationFrame(() => { state.frame = 0; attach(state); });
    });
    state.observer.observe(document.body, { childList: true, subtree: true });
  }
  attach(state);
  return disposer(parentElement, state, () => {
    state.observer.disconnect();
    cancelAnimationFrame(state.frame);
    clearTimeout(state.timer);
    clearTimeout(state.saying);
    detach(state);
  });
}

/** As Streamlit turns a key into a class. */
function className(key) {
  return key.trim().replace(/[^a-zA-Z0-9_-]/g, "-");
}

/** What is listened to: clicks, and zooming where Python asks for it. */
function heard(state) {
  const click = [["plotly_click", state.onClick], ["plotly_afterplot", state.onDrawn]];
  return state.zooms
    ? [...click, ["plotly_relayout", state.onZoom], ["plotly_doubleclick", state.onWhole]]
    : click;
}

function detach(state) {
  state.line?.remove();
  state.walker?.remove();
  for (const [name, act] of heard(state)) state.chart?.removeListener?.(name, act);
  state.chart?.removeEventListener("click", state.onLabel);
  state.chart = null;
}

/** Plotly drops its listeners when it draws a node from scratch, so the listener is put on again, never twice. */
function attach(state) {
  const chart = document.querySelector(state.selector);
  if (chart !== state.chart) detach(state);
  if (!chart?.on) return;
  for (const [name, act] of heard(state)) {
    chart.removeListener(name, act);
    chart.on(name, act);
  }
  state.chart = chart;
  if (state.clicks && chart.data?.some(liesDown)) {
    chart.addEventListener("click", state.onLabel);
    chart.classList.add("regard-rows");
  }
  drawMark(state);
  showWalker(state);
}

/** Bars that lie: each is a row, and the row's label is as good as its bar. */
function liesDown(trace) {
  return trace.type === "bar" && trace.orientation === "h";
}

/** A dotted line across the chart at a place of its x axis. It lies over the chart and is no part of it: a chart that
    changed would be made anew. */
function drawMark(state) {
  const inside = state.chart?.querySelector(".svg-container");
  const { xaxis, yaxis, font } = state.chart?._fullLayout ?? {};
  if (state.mark === null || !inside || !xaxis?._length || !yaxis) {
    state.line?.remove();
    return;
  }
  if (state.line?.parentNode !== inside) {
    state.line?.remove();
    state.line = document.createElement("div");
    state.line.dataset.testid = "chart-mark";
    state.line.setAttribute("aria-hidden", "true");
    inside.append(state.line);
  }
  const across = xaxis.l2p(state.mark);
  Object.assign(state.line.style, {
    position: "absolute", pointerEvents: "none", width: "0", borderLeft: `1.5px dotted ${font.color}`,
    left: `${xaxis._offset + across}px`, top: `${yaxis._offset}px`, height: `${yaxis._length}px`,
    display: across >= 0 && across <= xaxis._length ? "" : "none",
  });
}

/** Ranges that a person dragged, panned or scrolled to; a new size of the chart is none. */
function zoomed(state, event) {
  if (!Object.keys(event ?? {}).some((name) => /^[xy]axis\d*\.range/.test(name))) return;
  const { xaxis, yaxis } = state.chart._fullLayout;
  later(state, { x: [...xaxis.range], y: [...yaxis.range] });
}

/** One message for a movement; a double click, which comes after the zoom it undoes, takes its place. */
function later(state, message) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => state.send("zoom", message), ZOOM_DELAY);
}

function tell(state, event) {
  const point = event.points?.[0];
  if (!point) return;
  const number = point.pointNumber ?? point.pointIndex;
  const [row, col] = Array.isArray(number) ? number : [number, null];
  const { x = null, y = null, customdata = null, curveNumber } = point;
  send(state, { curve: curveNumber, row, col, x, y, customdata });
}

function send(state, point) {
  holdInPlace(() => document.querySelector(state.place));
  state.send("point", point);
}

/** A click on a row's label, beside the plot that Plotly listens to. */
function tellRow(state, event) {
  const frame = state.chart.querySelector(".svg-container").getBoundingClientRect();
  if (event.clientX - frame.left >= state.chart._fullLayout.xaxis._offset) return;
  const aside = ({ top, height }) => Math.abs(event.clientY - frame.top - top - height / 2);
  const [nearest] = pointsOf(state.chart).filter((one) => liesDown(one.trace)).sort((a, b) => aside(a) - aside(b));
  if (nearest && aside(nearest) <= nearest.height) choosePoint(state, nearest);
}

/** What stands over a chart for those without a pointer: the arrow keys go from point to point, Enter clicks. */
function showWalker(state) {
  const inside = state.chart?.querySelector(".svg-container");
  if (!state.clicks || !inside) {
    state.walker?.remove();
    return;
  }
  if (state.walker?.parentNode === inside) return;
  state.walker ??= newWalker(state);
  inside.append(state.walker);
  state.walker.setAttribute("aria-label", state.says);
  state.walker.style.color = state.chart._fullLayout?.font?.color ?? "";
  state.walker.style.setProperty("--ground", getComputedStyle(document.querySelector(".stApp")).backgroundColor);
  // The chart was made anew under the one who walks it.
  const lost = !document.activeElement || document.activeElement === document.body;
  if (state.walks && lost) state.walker.focus({ preventScroll: true });
}

function newWalker(state) {
  const walker = document.createElement("div");
  Object.assign(walker, { className: "regard-walker", tabIndex: 0 });
  walker.dataset.testid = "chart-walker";
  walker.setAttribute("role", "application");
  const [cursor, said] = [document.createElement("i"), document.createElement("span")];
  said.setAttribute("aria-live", "polite");
  walker.append(cursor, said);
  walker.addEventListener("focus", () => { state.walks = true; stand(state, here(state)); });
  // A chart that is made anew takes the focus with it, which is no going away.
  walker.addEventListener("blur", () => setTimeout(() => {
    if (!walker.isConnected || document.activeElement === walker) return;
    state.walks = false;
    leave(state);
  }));
  walker.addEventListener("keydown", (event) => walkerKey(state, event));
  return walker;
}

function walkerKey(state, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const from = here(state);
  if (event.key === "Escape") leave(state);
  else if ((event.key === "Enter" || event.key === " ") && from) choosePoint(state, from);
  else if (event.key in ARROWS || event.key === "Home" || event.key === "End") {
    const to = from && reached(pointsOf(state.chart), from, event.key);
    if (to) stand(state, to);
  } else return;
  event.preventDefault();
}

/** Every point that a click could meet: its place in the data, and its box in pixels of the plot. */
function pointsOf(chart) {
  const layout = chart._fullLayout;
  const axis = (id) => layout[id.replace(/^([xy])/, "$1axis")];
  return (chart.calcdata ?? []).flatMap((data, curve) => {
    const trace = data[0]?.trace;
    if (!trace || trace.visible !== true || trace.hoverinfo === "skip" || !trace.xaxis || !trace.yaxis) return [];
    const [x, y] = [axis(trace.xaxis), axis(trace.yaxis)];
    const box = (row, col, [x0, x1], [y0, y1]) => ({
      curve, row, col, trace, left: x._offset + Math.min(x0, x1), top: y._offset + Math.min(y0, y1),
      width: Math.abs(x1 - x0), height: Math.abs(y1 - y0),
      seen: (x0 + x1) / 2 >= 0 && (x0 + x1) / 2 <= x._length && (y0 + y1) / 2 >= 0 && (y0 + y1) / 2 <= y._length,
    });
    return boxesOf(trace, data, x, y, box).filter((one) => one.seen);
  });
}

function boxesOf(trace, data, x, y, box) {
  if (trace.type === "heatmap") {
    const [across, down] = [Array.from(data[0].x, (v) => x.c2p(v)), Array.from(data[0].y, (v) => y.c2p(v))];
    return Array.from(data[0].z).flatMap((cells, row) => Array.from(cells, (value, col) => (Number.isFinite(value)
      ? box(row, col, [across[col], across[col + 1]], [down[row], down[row + 1]])
      : null))).filter(Boolean);
  }
  if (trace.type === "bar") {
    const lies = liesDown(trace);
    return data.map((bar, at) => {
      const [long, wide] = lies ? [x, y] : [y, x];
      const ends = [long.c2p(bar.b ?? 0), long.c2p((bar.b ?? 0) + bar.s)];
      const edges = [wide.c2p(bar.p0 ?? bar.p), wide.c2p(bar.p1 ?? bar.p)];
      return lies ? box(at, null, ends, edges) : box(at, null, edges, ends);
    });
  }
  return data.map((point, at) => {
    const [left, top] = [x.c2p(point.x), y.c2p(point.y)];
    return box(at, null, [left - 6, left + 6], [top - 6, top + 6]);
  }).filter((one) => Number.isFinite(one.left + one.top));
}

/** Where the keys stand: the same place as before the chart was made anew, at first its first point. */
function here(state) {
  const points = pointsOf(state.chart);
  const { curve, row, col } = state.at ?? {};
  return points.find((one) => one.curve === curve && one.row === row && one.col === col) ?? points[0] ?? null;
}

/** The point that a key leads to; null where there is none. */
function reached(points, from, key) {
  const beside = points.filter((one) => one.curve === from.curve && one.row === from.row);
  if (key === "Home" || key === "End") return (from.col === null ? points : beside).at(key === "Home" ? 0 : -1);
  const [right, down] = ARROWS[key];
  // Bars stand in line however long they are.
  const anchor = ({ trace, left, top, width, height }) => [
    liesDown(trace) ? 0 : left + width / 2,
    trace.type === "bar" && trace.orientation !== "h" ? 0 : top + height / 2,
  ];
  const [x, y] = anchor(from);
  let best = null;
  for (const one of points) {
    const [across, upright] = [anchor(one)[0] - x, anchor(one)[1] - y];
    const [on, off] = right ? [across * right, Math.abs(upright)] : [upright * down, Math.abs(across)];
    // In a map of cells a key stays in its row or column; past its edge lies the next map.
    const aside = one.col !== null && one.curve === from.curve && off > 0.5;
    if (on < 0.5 || aside) continue;
    const distance = on + 4 * off + (one.curve === from.curve && one.col !== null ? 0 : 1);
    if (!best || distance < best.distance) best = { distance, one };
  }
  return best?.one ?? null;
}

/** Frames a point, and lets the chart say what a pointer there would be told. */
function stand(state, point) {
  if (!point) return;
  state.at = { curve: point.curve, row: point.row, col: point.col };
  const [cursor, said] = state.walker.children;
  Object.assign(cursor.style, {
    display: "block", left: `${point.left - 2}px`, top: `${point.top - 2}px`,
    width: `${point.width + 4}px`, height: `${point.height + 4}px`,
  });
  cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
  pointAt(state, "mousemove", point);
  clearTimeout(state.saying);
  state.saying = setTimeout(() => {
    const lines = state.chart?.querySelectorAll(".hoverlayer .hovertext text") ?? [];
    const words = (text) => {
      const parts = text.querySelectorAll("tspan.line");
      return parts.length ? [...parts] : [text];
    };
    said.textContent = [...lines].flatMap(words).map((line) => line.textContent.trim()).filter(Boolean).join(", ");
  }, SAY_DELAY);
}

function pointAt(state, name, { trace, left, top, width, height }) {
  const frame = state.chart.querySelector(".svg-container").getBoundingClientRect();
  const place = { clientX: frame.left + left + width / 2, clientY: frame.top + top + height / 2 };
  state.chart.querySelector(`.nsewdrag[data-subplot="${trace.xaxis}${trace.yaxis}"]`)
    ?.dispatchEvent(new MouseEvent(name, { ...place, bubbles: true, view: window }));
}

function leave(state) {
  const point = state.chart && here(state);
  state.walker.firstChild.style.display = "none";
  if (point) pointAt(state, "mouseout", point);
}

function choosePoint(state, { curve, row, col, trace }) {
  const of = (values) => (values?.[row] === undefined ? null : values[row]);
  const customdata = col === null ? of(trace.customdata) : (of(trace.customdata)?.[col] ?? null);
  const [x, y] = col === null ? [of(trace.x), of(trace.y)] : [trace.x?.[col] ?? col, trace.y?.[row] ?? row];
  send(state, { curve, row, col, x, y, customdata });
}
