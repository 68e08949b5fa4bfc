const LEFT = 28;
const TOP = 20;
const LARGEST = 88;
const SMALLEST = 34; // where heads do not fit at this size, the board scrolls
const TIGHTEST = 17; // ... unless they fit at this one
const ROOM_FOR_NAMES = 22; // in narrower columns every second name is left out
const HIGHEST = 620; // many layers are drawn smaller before they are taller than this
const KEYBOARD_DELAY = 80; // ms: holding an arrow key asks once, for where it stops
const PATIENCE = 8000; // ms to wait for Python to agree with a choice before showing Python's again

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const state = instanceOf(parentElement, () => ({
    choice: null, asked: null, timer: 0, patience: 0, cells: [], hover: -1,
  }));
  const [header, pixels] = unpack(data);
  Object.assign(state, { root, header, pixels, send: setTriggerValue });
  applyTheme(root);
  labels(state);
  cells(state);
  adopt(state);
  draw(state);
  if (!state.stop) {
    listen(state);
    state.stop = watchSize(root, () => draw(state));
  }
  return disposer(parentElement, state, () => {
    clearTimeout(state.timer);
    clearTimeout(state.patience);
    state.stop();
    state.unlisten.abort();
  });
}

function labels({ root, header }) {
  const group = root.querySelector(".group");
  group.textContent = header.group;
  group.hidden = !header.group;
  root.querySelector(".board").setAttribute("aria-label", [header.group, header.label].filter(Boolean).join(": "));
}

/** One element a head, over its picture: what a pointer, a screen reader and a test meet. */
function cells(state) {
  const { root, header } = state;
  const board = root.querySelector(".board");
  const count = header.layers * header.heads;
  if (state.cells.length !== count || state.heads !== header.heads) {
    for (const old of board.querySelectorAll(".cell, .mark")) old.remove();
    state.heads = header.heads;
    state.cells = Array.from({ length: count }, (_, at) => {
      const cell = document.createElement("div");
      cell.className = "cell";
      cell.id = `cell-${at}`;
      cell.setAttribute("role", "option");
      cell.dataset.at = at;
      cell.dataset.testid = `head-cell-${Math.floor(at / header.heads)}-${at % header.heads}`;
      return cell;
    });
    const mark = () => Object.assign(document.createElement("div"), { className: "mark" });
    state.rows = Array.from({ length: header.layers }, mark);
    state.columns = Array.from({ length: header.heads }, mark);
    for (const element of [...state.rows, ...state.columns]) element.setAttribute("aria-hidden", "true");
    board.append(...state.rows, ...state.columns, ...state.cells);
  }
  state.cells.forEach((cell, at) => cell.setAttribute("aria-label", words(state, at).filter(Boolean).join(", ")));
  state.rows.forEach((mark, row) => { mark.textContent = header.row_labels[row]; });
  state.columns.forEach((mark, column) => { mark.textContent = header.column_labels[column]; });
}

function words({ header }, at) {
  const [layer, head] = [Math.floor(at / header.heads), at % header.heads];
  return [header.names[layer][head], header.captions[layer][head]];
}

/** The head Python says is chosen: it comes apart from the pictures, except in a file of its own. */
function told({ header }) {
  const [layer, head] = header.selected ?? window.regardChosen?.[header.grid] ?? [0, 0];
  return Math.min(layer, header.layers - 1) * header.heads + Math.min(head, header.heads - 1);
}

/** Python's choice counts, unless a newer one made here is still on its way. */
function adopt(state) {
  const python = told(state);
  if (state.asked === python && !state.timer) settle(state);
  if (state.asked === null || state.asked >= state.cells.length) {
    settle(state);
    state.choice = python;
  }
  mark(state);
}

function settle(state) {
  clearTimeout(state.timer);
  clearTimeout(state.patience);
  state.timer = 0;
  state.asked = null;
}

function mark(state) {
  const { header } = state;
  state.cells.forEach((cell, at) => cell.setAttribute("aria-selected", at === state.choice));
  state.rows.forEach((label, row) => label.classList.toggle("on", row === Math.floor(state.choice / header.heads)));
  state.columns.forEach((label, column) => label.classList.toggle("on", column === state.choice % header.heads));
  state.root.querySelector(".board").setAttribute("aria-activedescendant", `cell-${state.choice}`);
}

function choose(state, at, delay) {
  if (at === state.choice && delay) return;
  const { heads } = state.header;
  state.choice = at;
  state.asked = at;
  mark(state);
  clearTimeout(state.timer);
  clearTimeout(state.patience);
  state.timer = setTimeout(() => {
    state.timer = 0;
    if (told(state) === at) settle(state); // Python agrees already and has nothing new to say
    else state.patience = setTimeout(() => { settle(state); adopt(state); }, PATIENCE);
    state.send("head", { layer: Math.floor(at / heads), head: at % heads, pressed: !delay });
  }, delay);
}

function draw(state) {
  const { root, header, pixels } = state;
  const { layers, heads, rows, columns } = header;
  const width = root.clientWidth;
  if (!width) return;
  const { side, gap, across, down } = sizes(width - LEFT, layers, heads);
  const left = (column) => LEFT + Math.round(column * across);
  const top = (row) => TOP + row * down;
  const board = root.querySelector(".board");
  const full = left(heads) - gap;
  const context = sharpContext(board.querySelector("canvas"), full, top(layers) - gap);
  board.style.width = `${full}px`;
  const more = root.querySelector(".more");
  const fitting = Math.floor((width - LEFT) / across);
  more.hidden = full <= width || fitting >= heads;
  const [first, last] = [header.column_labels[fitting] ?? "", header.column_labels[heads - 1]];
  more.textContent = `Scroll sideways for ${first} to ${last}.`;
  const lut = header.diverging.length ? divergingPalette(root, header.diverging) : palette(root, header.colours);
  const tile = new OffscreenCanvas(columns, rows);
  const paint = tile.getContext("2d");
  const image = paint.createImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  // A picture larger than its cell is averaged; a smaller one keeps the edges of its cells.
  context.imageSmoothingEnabled = Math.max(rows, columns) > side * (window.devicePixelRatio || 1);
  context.imageSmoothingQuality = "high";
  for (let at = 0; at < layers * heads; at += 1) {
    const base = at * rows * columns;
    for (let i = 0; i < words.length; i += 1) words[i] = lut[pixels[base + i]];
    paint.putImageData(image, 0, 0);
    const [x, y] = [left(at % heads), top(Math.floor(at / heads))];
    context.drawImage(tile, x, y, side, side);
    place(state.cells[at], x, y, side, side);
  }
  state.rows.forEach((label, row) => place(label, 0, top(row) + side / 2 - 8, LEFT - 6, 16));
  state.columns.forEach((label, column) => {
    place(label, left(column), 0, side, 16);
    label.hidden = side < ROOM_FOR_NAMES && (column % 2 === 1 || column === heads - 1);
  });
}

/** A thumbnail's side and the distance from one to the next: as large as the width allows, within limits. */
function sizes(width, layers, heads) {
  const gap = width / heads >= 44 ? 6 : width / heads >= 24 ? 3 : 2;
  const room = (width + gap) / heads;
  const fitting = Math.floor(room - gap);
  const least = fitting >= TIGHTEST ? Math.min(SMALLEST, fitting) : SMALLEST;
  const low = Math.max(SMALLEST, Math.floor((HIGHEST - TOP) / layers) - gap);
  const side = Math.max(least, Math.min(LARGEST, low, fitting));
  return { side, gap, across: side === fitting ? room : side + gap, down: side + gap };
}

function place(element, x, y, width, height) {
  Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}

/** 256 colours along `colours`, or from background to accent; the root of the share, so that faint links show. */
function palette(root, colours) {
  const style = getComputedStyle(root);
  const ends = [style.getPropertyValue("--st-background-color"), style.getPropertyValue("--st-primary-color")];
  const stops = (colours.length ? colours : ends).map(rgb);
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const at = Math.sqrt(value / 255) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    const mix = (i) => Math.round(stops[low][i] + (stops[low + 1][i] - stops[low][i]) * (at - low));
    return ((255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0)) >>> 0;
  });
}

/** Colours around zero, which is 128; 0 is blank. The root of the size, as above, so that faint changes show. */
function divergingPalette(root, colours) {
  const stops = colours.map(rgb);
  const blank = rgb(getComputedStyle(root).getPropertyValue("--st-secondary-background-color"));
  const middle = (stops.length - 1) / 2;
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const signed = (value - 128) / 127;
    const at = middle * (1 + Math.sign(signed) * Math.sqrt(Math.abs(signed)));
    const low = Math.max(0, Math.min(stops.length - 2, Math.floor(at)));
    const mix = (i) => Math.round(stops[low][i] + (stops[low + 1][i] - stops[low][i]) * (at - low));
    const [red, green, blue] = value ? [mix(0), mix(1), mix(2)] : blank;
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

function tip(state, at) {
  const box = state.root.querySelector(".tip");
  box.hidden = at < 0;
  if (at < 0) return;
  const [name, caption] = words(state, at);
  box.querySelector("b").textContent = name;
  box.querySelector("span").textContent = caption;
  const cell = state.cells[at].getBoundingClientRect();
  const frame = state.root.getBoundingClientRect();
  const left = Math.min(cell.left - frame.left, frame.width - box.offsetWidth);
  const above = cell.top - frame.top - box.offsetHeight - 6;
  box.style.left = `${Math.max(0, left)}px`;
  box.style.top = `${cell.top > box.offsetHeight + 70 ? above : cell.bottom - frame.top + 6}px`;
}

function listen(state) {
  state.unlisten = new AbortController();
  const { signal } = state.unlisten;
  const chosen = ({ detail }) => { if (detail === state.header.grid) adopt(state); };
  window.addEventListener("regard-chosen", chosen, { signal });
  const board = state.root.querySelector(".board");
  const at = (event) => Number(event.target.closest?.(".cell")?.dataset.at ?? -1);
  board.addEventListener("pointermove", (event) => {
    if (at(event) === state.hover) return;
    state.hover = at(event);
    tip(state, state.hover);
  }, { signal });
  board.addEventListener("pointerleave", () => { state.hover = -1; tip(state, -1); }, { signal });
  board.addEventListener("click", (event) => { if (at(event) >= 0) choose(state, at(event), 0); }, { signal });
  board.addEventListener("dblclick", (event) => alone(state, at(event)), { signal });
  board.addEventListener("focus", () => { if (board.matches(":focus-visible")) tip(state, state.choice); }, { signal });
  board.addEventListener("blur", () => tip(state, -1), { signal });
  board.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { tip(state, -1); return; }
    if (event.key === "Enter" && event.shiftKey) { alone(state, state.choice); return; }
    const next = target(state, event.key);
    if (next === null) return;
    event.preventDefault();
    choose(state, next, event.key === "Enter" || event.key === " " ? 0 : KEYBOARD_DELAY);
    state.cells[next].scrollIntoView({ block: "nearest", inline: "nearest" });
    tip(state, next);
  }, { signal });
}

/** A double click, or Shift and Enter: this head and no other. */
function alone(state, at) {
  const { heads, isolates } = state.header;
  if (at >= 0 && isolates) state.send("alone", { layer: Math.floor(at / heads), head: at % heads });
}

function target({ header, choice }, key) {
  const { layers, heads } = header;
  const [layer, head] = [Math.floor(choice / heads), choice % heads];
  const clamp = (value, size) => Math.max(0, Math.min(size - 1, value));
  const moves = {
    ArrowLeft: [layer, head - 1], ArrowRight: [layer, head + 1],
    ArrowUp: [layer - 1, head], ArrowDown: [layer + 1, head],
    Home: [layer, 0], End: [layer, heads - 1], Enter: [layer, head], " ": [layer, head],
  };
  if (!(key in moves)) return null;
  const [row, column] = moves[key];
  return clamp(row, layers) * heads + clamp(column, heads);
}
