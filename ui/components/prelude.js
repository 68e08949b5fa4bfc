// Joined in front of every component's script.

/** [header, body]: `data` is a view into a larger buffer, so its own offset counts. */
function unpack(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  return [header, data.subarray(4 + length)];
}

/** An aligned copy of the body as 32-bit floats. */
function floats(body) {
  return new Float32Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength));
}

/** "rtl" where most tokens with letters are written from right to left: a row of them is then read from the right. */
function directionOf(tokens) {
  const written = tokens.filter((token) => /\p{L}/u.test(token));
  const fromRight = written.filter((token) => /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(token));
  return fromRight.length * 2 > written.length ? "rtl" : "ltr";
}

const instances = new WeakMap();

/** What this mount remembers between calls; made once per mounted node. */
function instanceOf(parentElement, create) {
  let state = instances.get(parentElement);
  if (!state) {
    state = create();
    state.generation = 0;
    instances.set(parentElement, state);
  }
  state.generation += 1;
  return state;
}

/** Streamlit also cleans up after a call that a newer one has overtaken: only a node that is gone is disposed of. */
function disposer(parentElement, state, dispose) {
  const mine = state.generation;
  return () => {
    if (state.generation !== mine || parentElement.host?.isConnected) return;
    dispose();
    instances.delete(parentElement);
  };
}

/** Calls `draw` when `element` changes width, the page its pixel ratio, or a font arrives; returns the way to stop. */
function watchSize(element, draw) {
  let width = -1;
  const observer = new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    draw();
  });
  observer.observe(element);
  let query = null;
  const onRatio = () => { listen(); draw(); };
  const listen = () => {
    query?.removeEventListener("change", onRatio);
    query = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    query.addEventListener("change", onRatio);
  };
  listen();
  document.fonts.addEventListener("loadingdone", draw);
  return () => {
    observer.disconnect();
    document.fonts.removeEventListener("loadingdone", draw);
    query.removeEventListener("change", onRatio);
  };
}

const HELD = 4000; // ms

/** Keeps what was clicked in its place while what the click brings appears above it, until a person moves the page. */
function holdInPlace(find) {
  const main = find()?.closest('[data-testid="stMain"]');
  if (!main) return;
  const top = () => find()?.getBoundingClientRect().top;
  const [before, until] = [top(), performance.now() + HELD];
  const over = new AbortController();
  for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    window.addEventListener(name, () => over.abort(), { capture: true, passive: true, signal: over.signal });
  }
  const look = () => {
    if (over.signal.aborted || performance.now() > until) { over.abort(); return; }
    const moved = top() - before;
    if (Math.abs(moved) >= 1) main.scrollTop += moved;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** A canvas of `width` x `height` CSS pixels, sharp at the page's pixel ratio; returns its cleared context. */
function sharpContext(canvas, width, height) {
  const longest = 16000;
  const ratio = Math.min(window.devicePixelRatio || 1, longest / Math.max(width, height, 1));
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** [red, green, blue] of any CSS colour. */
function rgb(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/** Marks the root light or dark, after the background Streamlit's theme gives it; true where dark. */
function applyTheme(root) {
  const [r, g, b] = rgb(getComputedStyle(root).getPropertyValue("--st-background-color") || "#fff");
  const dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  root.dataset.theme = dark ? "dark" : "light";
  return dark;
}
