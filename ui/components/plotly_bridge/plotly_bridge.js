export default function ({ data, parentElement, setTriggerValue }) {
  const [header] = unpack(data);
  const state = instanceOf(parentElement, () => ({ chart: null, frame: 0 }));
  state.send = setTriggerValue;
  state.selector = `.st-key-${CSS.escape(className(header.chart))} .js-plotly-plot`;
  if (!state.observer) {
    state.onClick = (event) => tell(state, event);
    state.observer = new MutationObserver(() => {
      if (!state.frame) state.frame = requestAnimationFrame(() => { state.frame = 0; attach(state); });
    });
    state.observer.observe(document.body, { childList: true, subtree: true });
  }
  attach(state);
  return disposer(parentElement, state, () => {
    state.observer.disconnect();
    cancelAnimationFrame(state.frame);
    detach(state);
  });
}

/** As Streamlit turns a key into a class. */
function className(key) {
  return key.trim().replace(/[^a-zA-Z0-9_-]/g, "-");
}

function detach(state) {
  state.chart?.removeListener?.("plotly_click", state.onClick);
  state.chart = null;
}

/** Plotly drops its listeners when it draws a node from scratch, so the listener is put on again, never twice. */
function attach(state) {
  const chart = document.querySelector(state.selector);
  if (chart !== state.chart) detach(state);
  if (!chart?.on) return;
  chart.removeListener("plotly_click", state.onClick);
  chart.on("plotly_click", state.onClick);
  state.chart = chart;
}

function tell(state, event) {
  const point = event.points?.[0];
  if (!point) return;
  const number = point.pointNumber ?? point.pointIndex;
  const [row, col] = Array.isArray(number) ? number : [number, null];
  const { x = null, y = null, customdata = null, curveNumber } = point;
  state.send("point", { curve: curveNumber, row, col, x, y, customdata });
}
