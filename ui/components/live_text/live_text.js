const MOST_LINES = 6;

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root");
  const [header] = unpack(data);
  const area = root.querySelector("textarea");
  const state = instanceOf(parentElement, () => ({ rev: null, sent: null, timer: 0, composing: false }));
  Object.assign(state, { root, area, header, send: setStateValue });
  applyTheme(root);
  const label = root.querySelector("label");
  label.textContent = header.show_label ? header.label : "";
  area.setAttribute("aria-label", header.label);
  area.placeholder = header.placeholder;
  if (header.rev !== state.rev) {
    clearTimeout(state.timer);
    Object.assign(state, { rev: header.rev, sent: header.value, timer: 0, composing: false });
    area.value = header.value;
  }
  fit(state);
  if (!state.stop) {
    listen(state);
    state.stop = watchSize(root, () => fit(state));
  }
  return disposer(parentElement, state, () => {
    flush(state);
    state.stop();
    state.unlisten.abort();
  });
}

function flush(state) {
  clearTimeout(state.timer);
  state.timer = 0;
  if (state.area.value === state.sent) return;
  state.sent = state.area.value;
  state.send("text", { value: state.sent, rev: state.rev });
}

function later(state) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => flush(state), state.header.debounce);
}

/** From one line to six, then it scrolls; and the count, once it matters. */
function fit({ root, area, header }) {
  area.style.height = "auto";
  const frame = area.offsetHeight - area.clientHeight;
  const style = getComputedStyle(area);
  const most = Math.round(MOST_LINES * parseFloat(style.lineHeight) + 2 * parseFloat(style.paddingTop) + frame);
  const wanted = area.scrollHeight + frame;
  area.style.height = `${Math.min(most, wanted)}px`;
  area.style.overflowY = wanted > most ? "auto" : "hidden";
  const count = [...area.value].length;
  const limit = header.max_chars;
  const output = root.querySelector("output");
  output.textContent = limit && count > 0.8 * limit ? `${count} / ${limit}` : "";
  output.classList.toggle("over", Boolean(limit) && count > limit);
  root.querySelector(".top").hidden = !header.show_label && !limit;
}

function listen(state) {
  state.unlisten = new AbortController();
  const { signal } = state.unlisten;
  const { area } = state;
  area.addEventListener("compositionstart", () => { state.composing = true; clearTimeout(state.timer); }, { signal });
  area.addEventListener("compositionend", () => { state.composing = false; fit(state); later(state); }, { signal });
  area.addEventListener("input", (event) => {
    fit(state);
    if (!state.composing && !event.isComposing) later(state);
  }, { signal });
  area.addEventListener("blur", () => { if (!state.composing) flush(state); }, { signal });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) flush(state);
  }, { signal });
}
