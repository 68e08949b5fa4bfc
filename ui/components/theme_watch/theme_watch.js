export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const [header] = unpack(data);
  const state = instanceOf(parentElement, () => ({ seen: null, asked: null, timer: 0 }));
  const dark = applyTheme(root);
  const switched = state.seen !== null && state.seen !== dark;
  state.seen = dark;
  if (dark === header.dark) {
    state.asked = null;
    clearTimeout(state.timer);
  } else if (state.asked !== dark && (switched || header.said !== dark)) {
    state.asked = dark;
    state.timer = setTimeout(() => setTriggerValue("dark", dark), 0); // after the page has taken the theme itself
  }
  return disposer(parentElement, state, () => clearTimeout(state.timer));
}
