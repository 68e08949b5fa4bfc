const WIDTH = "--regard-width"; // unitless px, read by the print style
const SCROLLS = "[class*='_scroll'], .regard-table, [data-testid='stElementContainer']";

export default function ({ parentElement }) {
  const state = instanceOf(parentElement, () => {
    const before = () => document.documentElement.style.setProperty(WIDTH, widthOnScreen());
    window.addEventListener("beforeprint", before);
    return { before };
  });
  return disposer(parentElement, state, () => window.removeEventListener("beforeprint", state.before));
}

/** The width of the page's main part in px, and as much more as the widest scrolled figure reaches beyond its place. */
function widthOnScreen() {
  const main = document.querySelector("[data-testid='stMainBlockContainer']");
  if (!main) return "1000";
  const style = getComputedStyle(main);
  const inside = main.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const wanted = [...main.querySelectorAll(SCROLLS)]
    .filter((part) => part.clientWidth && part.scrollWidth > part.clientWidth + 1)
    .map((part) => (inside * part.scrollWidth) / part.clientWidth);
  return String(Math.ceil(Math.max(inside, ...wanted)));
}
