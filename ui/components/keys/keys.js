const PATIENCE = 15000; // ms after which an unanswered action no longer holds back the next
const MOST_WAITING = 16;
// Elements that use keys themselves, wherever in a shadow tree they lie.
const ROLES = [
  "textbox", "slider", "combobox", "listbox", "radiogroup", "tablist", "menu", "grid", "spinbutton", "dialog",
];
const FIELDS = ["input", "textarea", "select", "[contenteditable]"];
const BUSY = [...FIELDS, ...ROLES.map((role) => `[role="${role}"]`)].join(", ");

export default function ({ data, parentElement, setTriggerValue }) {
  const [header] = unpack(data);
  const root = parentElement.querySelector(".root");
  const state = instanceOf(parentElement, () => ({ last: header.answered, asked: null, waiting: [], timer: 0 }));
  Object.assign(state, { header, send: setTriggerValue });
  if (!state.unlisten) {
    state.unlisten = new AbortController();
    const listen = (event) => { if (root.isConnected) onKey(state, event); };
    document.addEventListener("keydown", listen, { signal: state.unlisten.signal });
    root.dataset.listens = "";
  }
  if (state.asked === header.answered) next(state);
  return disposer(parentElement, state, () => { state.unlisten.abort(); clearTimeout(state.timer); });
}

function onKey(state, event) {
  const action = state.header.actions[event.key];
  if (action === undefined || event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const path = event.composedPath().filter((node) => node instanceof Element);
  if (path.some((node) => node.matches(BUSY))) return;
  if ((event.key === "Enter" || event.key === " ") && path[0]?.closest("button, a, summary")) return;
  event.preventDefault();
  if (state.asked === null) ask(state, action);
  else if (!event.repeat && state.waiting.length < MOST_WAITING) state.waiting.push(action);
}

function ask(state, action) {
  state.last += 1;
  state.asked = state.last;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => next(state), PATIENCE);
  state.send("key", { action, number: state.asked });
}

function next(state) {
  clearTimeout(state.timer);
  state.asked = null;
  const action = state.waiting.shift();
  if (action !== undefined) ask(state, action);
}
