/** Grids look here when they are drawn, and are told when it changes; whichever of the two comes first. */
export default function ({ data }) {
  const [{ grid, selected }] = unpack(data);
  (window.regardChosen ??= {})[grid] = selected;
  window.dispatchEvent(new CustomEvent("regard-chosen", { detail: grid }));
}
