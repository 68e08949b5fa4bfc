const ZOOM_DELAY = 250; // ms

export default function ({ data, parentElement, setTriggerValue }) {
  const [header] = unpack(data);
  const state = instanceOf(parentElement, () => ({ chart: null, frame: 0, timer: 0 }));
  state.send = setTriggerValue;
  state.zooms = header.zooms;
  state.mark = header.mark;
  state.selector = `.st-key-${CSS.escape(className(header.chart))} .js-plotly-plot`;
  if (!state.observer) {
    state.onClick = (event) => tell(state, event);
    state.onZoom = (event) => zoomed(state, event);
    state.onWhole = () => later(state, { whole: true });
    state.onDrawn = () => drawMark(state);
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
  for (const [name, act] of heard(state)) state.chart?.removeListener?.(name, act);
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
  drawMark(state);
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
  state.send("point", { curve: curveNumber, row, col, x, y, customdata });
}
