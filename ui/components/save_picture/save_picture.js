const SVG = "http://www.w3.org/2000/svg";
const LONGEST = 16000; // pixels; browsers draw no canvas much longer
const SAID_FOR = 6000; // ms
// What belongs to the pointer and not to the picture.
const POINTER = ".hoverlayer, .zoomlayer, .draglayer, .shapelayer-active";

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const [header] = unpack(data);
  const state = instanceOf(parentElement, () => ({ busy: false, timer: 0 }));
  Object.assign(state, { root, header });
  applyTheme(root);
  for (const button of root.querySelectorAll("button")) {
    const { format } = button.dataset;
    button.textContent = header.labels[format];
    button.title = `Save the figure as ${format.toUpperCase()}`;
    button.setAttribute("aria-label", `${header.labels[format]}: ${button.title}`);
    button.onclick = () => save(state, button);
  }
  return disposer(parentElement, state, () => clearTimeout(state.timer));
}

/** As Streamlit turns a key into a class. */
function className(key) {
  return key.trim().replace(/[^a-zA-Z0-9_-]/g, "-");
}

async function save(state, button) {
  if (state.busy) return;
  state.busy = true;
  button.setAttribute("aria-disabled", "true");
  say(state, "");
  try {
    const { chart, filename, scale } = state.header;
    const picture = picturesOf(document.querySelector(`.st-key-${CSS.escape(className(chart))} .js-plotly-plot`));
    if (!picture) {
      say(state, "The figure is not on screen.");
      return;
    }
    const svg = composed(picture, getComputedStyle(state.root).getPropertyValue("--st-background-color"));
    const { format } = button.dataset;
    download(format === "svg" ? asFile(svg) : await painted(svg, picture, scale), `${filename}.${format}`);
  } catch (error) {
    console.warn(error);
    say(state, "The picture could not be made.");
  } finally {
    state.busy = false;
    button.removeAttribute("aria-disabled");
  }
}

function say(state, text) {
  clearTimeout(state.timer);
  state.root.querySelector(".said").textContent = text;
  if (text) state.timer = setTimeout(() => say(state, ""), SAID_FOR);
}

/** The layers Plotly draws a chart in, bottom first, and their size; null where there are none to see. */
function picturesOf(chart) {
  const layers = [...(chart?.querySelectorAll(".svg-container > .main-svg") ?? [])];
  if (!layers.length || !chart.getClientRects().length) return null;
  const { width, height } = layers[0].getBoundingClientRect();
  return width && height ? { layers, width: Math.round(width), height: Math.round(height) } : null;
}

/** One SVG of all layers, on a solid background. */
function composed({ layers, width, height }, background) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  for (const colour of [background, layers[0].style.backgroundColor]) {
    if (!colour || colour === "rgba(0, 0, 0, 0)") continue;
    const ground = document.createElementNS(SVG, "rect");
    ground.setAttribute("width", width);
    ground.setAttribute("height", height);
    ground.setAttribute("style", `fill: ${colour}`);
    svg.append(ground);
  }
  for (const layer of layers) {
    for (const child of layer.children) svg.append(child.cloneNode(true));
  }
  for (const element of svg.querySelectorAll(POINTER)) element.remove();
  return svg;
}

/** The SVG as a file. XML has no control characters, and a reference must not name this page. */
function asFile(svg) {
  const text = new XMLSerializer().serializeToString(svg)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/url\((&quot;|["'])?[^)#]*#([^)"'&]+)(&quot;|["'])?\)/g, "url(#$2)");
  return new Blob([text], { type: "image/svg+xml" });
}

/** The SVG as PNG. A picture sees none of the page's fonts, so those its text uses travel inside it. */
async function painted(svg, { layers, width, height }, wanted) {
  const style = document.createElementNS(SVG, "style");
  style.textContent = (await Promise.all(fontsOf(layers).map(inlined))).join("\n");
  svg.prepend(style);
  const scale = Math.min(wanted, LONGEST / Math.max(width, height));
  svg.setAttribute("width", width * scale);
  svg.setAttribute("height", height * scale);
  const address = URL.createObjectURL(asFile(svg));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
    if (!blob) throw new Error("the canvas gave no picture");
    return blob;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The page's @font-face rules for the families and slants the text is set in. */
function fontsOf(layers) {
  const used = new Set();
  for (const text of layers.flatMap((layer) => [...layer.querySelectorAll("text, tspan")])) {
    const { fontFamily, fontStyle } = getComputedStyle(text);
    for (const family of fontFamily.split(",")) used.add(`${plain(family)} ${fontStyle}`);
  }
  const rules = [...document.styleSheets].flatMap((sheet) => {
    try { return [...sheet.cssRules].filter((rule) => rule instanceof CSSFontFaceRule); } catch { return []; }
  });
  const of = (rule, name) => rule.style.getPropertyValue(name);
  return rules.filter((rule) => used.has(`${plain(of(rule, "font-family"))} ${of(rule, "font-style") || "normal"}`));
}

const plain = (family) => family.trim().replace(/^["']|["']$/g, "");

/** A rule with its file inside, from the browser's cache; nothing where the file is not this server's. */
async function inlined(rule) {
  const source = /url\(["']?([^"')]+)["']?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
  const address = source && new URL(source, rule.parentStyleSheet.href ?? document.baseURI);
  if (!address || address.origin !== location.origin) return "";
  const file = await (await fetch(address, { cache: "force-cache" })).blob();
  const inside = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  const kept = ["font-family", "font-style", "font-weight"].map((name) => [name, rule.style.getPropertyValue(name)]);
  const said = kept.filter(([, value]) => value).map(([name, value]) => `${name}: ${value};`).join(" ");
  return `@font-face { ${said} src: url("${inside}"); }`;
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
