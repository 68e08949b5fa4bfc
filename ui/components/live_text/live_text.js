const AREA = '[data-testid="stTextArea"] textarea';

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const [header] = unpack(data);
  const state = instanceOf(parentElement, () => ({ area: null, timer: 0, unlisten: null }));
  state.pause = header.pause;
  if (!state.unlisten) {
    state.unlisten = new AbortController();
    listen(state);
    root.dataset.listens = "";
    const focused = document.activeElement;
    if (focused?.matches(AREA)) later(state, focused); // it was typed into before this script came
  }
  return disposer(parentElement, state, () => { state.unlisten.abort(); send(state); });
}

function listen(state) {
  const on = (type, act) => {
    const heard = (event) => {
      if (event.target instanceof Element && event.target.matches(AREA)) act(event.target, event);
    };
    document.addEventListener(type, heard, { signal: state.unlisten.signal });
  };
  on("compositionstart", () => clearTimeout(state.timer));
  on("compositionend", (area) => later(state, area));
  on("input", (area, event) => { if (!event.isComposing) later(state, area); });
}

function later(state, area) {
  if (state.area !== area) send(state);
  clearTimeout(state.timer);
  state.area = area;
  state.timer = setTimeout(() => send(state), state.pause);
}

/** Streamlit sends a changed text at this key and ignores it where nothing changed. */
function send(state) {
  clearTimeout(state.timer);
  const { area } = state;
  state.area = null;
  if (!area?.isConnected) return;
  area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
}
