const PATIENCE = 15000; // ms after which an unanswered tick no longer holds back the next

export default function ({ data, parentElement, setTriggerValue }) {
  const [header] = unpack(data);
  const root = parentElement.querySelector(".root");
  const state = instanceOf(parentElement, () => (
    { playing: false, pace: header.pace, last: header.answered, asked: null, timer: 0, due: 0 }
  ));
  Object.assign(state, { root, header, send: setTriggerValue });
  applyTheme(root);
  const [button, menu] = root.children;
  fillMenu(state, menu);
  button.onclick = () => play(state, !state.playing);
  menu.onchange = () => { state.pace = Number(menu.value); };
  if (state.asked !== null && header.answered >= state.asked) state.asked = null;
  if (header.end && state.asked === null) state.playing = false;
  show(state);
  if (state.playing && state.asked === null) wait(state);
  return disposer(parentElement, state, () => clearTimeout(state.timer));
}

function fillMenu(state, menu) {
  const { paces, labels } = state.header;
  if (menu.options.length !== paces.length) {
    menu.replaceChildren(...paces.map((pace) => new Option(`${pace} ${labels.unit}`, String(pace))));
  }
  menu.value = String(state.pace);
  menu.title = labels.pace;
  menu.setAttribute("aria-label", labels.pace);
}

function show(state) {
  const [button] = state.root.children;
  const { labels, end } = state.header;
  button.textContent = state.playing ? labels.pause : labels.play;
  button.disabled = end && !state.playing;
  button.setAttribute("aria-pressed", String(state.playing));
}

function play(state, on) {
  state.playing = on;
  clearTimeout(state.timer);
  state.asked = null;
  show(state);
  if (on) tick(state);
}

/** The next tick when its time has come, counted from the last one and not from its answer. */
function wait(state) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => tick(state), Math.max(0, state.due - performance.now()));
}

function tick(state) {
  if (!state.playing || !state.root.isConnected) return;
  state.last += 1;
  state.asked = state.last;
  state.due = performance.now() + 1000 / state.pace;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => { state.asked = null; tick(state); }, PATIENCE);
  state.send("tick", { number: state.asked });
}
