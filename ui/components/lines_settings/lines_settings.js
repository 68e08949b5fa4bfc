/** Lines look here when they are drawn, and are told when it changes; whichever of the two comes first. */
export default function ({ data }) {
  const [settings] = unpack(data);
  (window.regardLines ??= {})[settings.lines] = settings;
  window.dispatchEvent(new CustomEvent("regard-lines", { detail: settings.lines }));
}
