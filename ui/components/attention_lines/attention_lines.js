// One colour a head, told apart by colour-blind people too; past twelve they repeat, dashed.
const COLOURS = {
  light: [
    "#3b5bdb", "#c2560c", "#0b7285", "#862e9c", "#5c7c00", "#c2255c",
    "#7a5c00", "#1b8a6b", "#5f3dc4", "#a61e4d", "#495057", "#1971c2",
  ],
  dark: [
    "#7c93ff", "#f0944d", "#3bc9db", "#da8ee7", "#a9cf3f", "#ff8fab",
    "#e3b341", "#63e6be", "#b197fc", "#ffa8a8", "#adb5bd", "#74c0fc",
  ],
};
const DASHES = [[], [6, 4], [2, 3]];
const SIDES = ["query", "key"];
const SVG = "http://www.w3.org/2000/svg";
const TELL_DELAY = 500; // ms after the last change before Python is told, so that a link can restore it
const APART = 3.5; // px between two heads' lines from one token to another, as far as a token is high enough for them
const ROOM = 18; // px of a token's height that such lines may take at their ends
const WIDEST = 8000; // px of two rows of tokens; a longer text stands in columns
const PRINT_SCALE = 3; // pixels of a PNG for each CSS pixel

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const state = instanceOf(parentElement, () => ({
    on: [], given: "", mass: 0, hover: null, locked: new Map(), focus: { query: 0, key: 0 },
    before: null, number: 0, timer: 0,
  }));
  const [header, body] = unpack(data);
  Object.assign(state, { root, header, weights: floats(body), send: setTriggerValue, orders: new Map() });
  state.dark = applyTheme(root);
  takeSettings(state);
  controls(state);
  for (const side of SIDES) tokens(state, side);
  forgetMissing(state);
  arrange(state);
  if (!state.stop) {
    listen(state);
    state.stop = watchSize(root, () => arrange(state));
  }
  return disposer(parentElement, state, () => {
    state.stop();
    state.unlisten.abort();
    cancelAnimationFrame(state.frame);
    clearTimeout(state.timer);
  });
}

/** What the person set here stays until Python says something new, and counts over what Python said before it knew. */
function takeSettings(state) {
  const { header } = state;
  const { active, mass, locked, answered } = window.regardLines?.[header.told_by] ?? header;
  state.on = Array.from({ length: header.heads }, (_, head) => state.on[head] ?? false);
  if (state.timer || answered < state.number) return;
  state.number = answered;
  const given = JSON.stringify([header.heads, active, mass, locked]);
  if (given === state.given) return;
  state.given = given;
  state.before = null;
  state.on = state.on.map((_, head) => active.includes(head));
  state.mass = mass;
  state.locked = new Map(locked.map(([side, index]) => [`${side}${index}`, { side, index }]));
}

/** Tells Python, once things rest, what a link needs to restore this. */
function settled(state) {
  if (!state.header.remembers) return;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => {
    state.timer = 0;
    state.number += 1;
    const active = state.on.flatMap((lit, head) => (lit ? [head] : []));
    const locked = [...state.locked.values()].map(({ side, index }) => [side, index]);
    state.given = JSON.stringify([state.header.heads, active, state.mass, locked]);
    state.send("view", { number: state.number, mass: Math.round(state.mass * 100), active, locked });
  }, TELL_DELAY);
}

function forgetMissing(state, hover = true) {
  for (const [id, { side, index }] of state.locked) if (index >= listOf(state, side).length) state.locked.delete(id);
  if (hover) state.hover = null;
}

const listOf = (state, side) => (side === "query" ? state.header.queries : state.header.keys);
const colourOf = (state, head) => COLOURS[state.dark ? "dark" : "light"][head % 12];

function controls(state) {
  const { root, header } = state;
  const { words } = header;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", header.label);
  const bar = root.querySelector(".heads");
  bar.hidden = header.heads < 2;
  bar.setAttribute("aria-label", words.heads);
  bar.title = words.heads;
  while (bar.children.length > header.heads) bar.lastChild.remove();
  while (bar.children.length < header.heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "head";
    button.dataset.head = bar.children.length;
    button.dataset.testid = `attention-head-${bar.children.length}`;
    button.append(document.createElement("i"), document.createElement("span"));
    bar.append(button);
  }
  [...bar.children].forEach((button, head) => {
    button.style.setProperty("--colour", header.heads > 1 ? colourOf(state, head) : "var(--st-primary-color)");
    button.lastChild.textContent = header.head_names[head];
    button.setAttribute("aria-label", `${words.head} ${header.head_names[head]}`);
  });
  root.querySelector(".mass span").textContent = words.mass;
  root.querySelector(".title.query").textContent = words.queries;
  root.querySelector(".title.key").textContent = words.keys;
  for (const button of root.querySelectorAll(".save button")) {
    button.textContent = button.dataset.format.toUpperCase();
    button.title = `${words.save} ${button.dataset.format.toUpperCase()}`;
  }
  const slider = root.querySelector(".mass input");
  slider.value = Math.round(state.mass * 100);
  slider.setAttribute("aria-label", words.mass);
  pressed(state);
}

function pressed(state) {
  const buttons = state.root.querySelectorAll(".head");
  buttons.forEach((button, head) => button.setAttribute("aria-pressed", state.on[head]));
  state.root.querySelector(".mass output").textContent = `${Math.round(state.mass * 100)}%`;
}

function tokens(state, side) {
  const box = state.root.querySelector(`.tokens.${side}`);
  const list = listOf(state, side);
  box.setAttribute("aria-label", side === "query" ? state.header.words.queries : state.header.words.keys);
  while (box.children.length > list.length) box.lastChild.remove();
  while (box.children.length < list.length) {
    const token = document.createElement("div");
    token.className = "token";
    token.setAttribute("role", "option");
    const index = box.children.length;
    Object.assign(token.dataset, { side, index, testid: `attention-${side}-${index}` });
    token.append(document.createElement("b"), document.createElement("small"));
    box.append(token);
  }
  state.focus[side] = Math.min(state.focus[side], list.length - 1);
  [...box.children].forEach((token, index) => {
    token.firstChild.textContent = list[index];
    token.title = list[index];
    token.tabIndex = index === state.focus[side] ? 0 : -1;
  });
}

/** Two rows where they are asked for, from the right where the text is written so, else two columns; then measures
    where the lines start and end. */
function arrange(state) {
  const { root, header } = state;
  const stage = root.querySelector(".stage");
  const width = root.clientWidth;
  if (!width) return;
  const dense = Math.max(header.queries.length, header.keys.length) > 40 ? " dense" : "";
  const as = (name) => { stage.className = `stage ${name}${dense}`; };
  const canvas = stage.querySelector("canvas");
  canvas.style.width = canvas.style.height = "0";
  state.rows = header.transposed;
  as(state.rows ? "rows" : "columns");
  if (state.rows && stage.scrollWidth > WIDEST) { state.rows = false; as("columns"); }
  const [queries, keys] = SIDES.map((side) => stage.querySelector(`.tokens.${side}`));
  stage.dir = state.rows ? directionOf([...header.queries, ...header.keys]) : "ltr";
  queries.dir = state.rows ? directionOf(header.queries) : "ltr";
  keys.dir = state.rows ? directionOf(header.keys) : "ltr";
  if (state.rows) {
    state.size = [Math.max(queries.scrollWidth, keys.scrollWidth), 150];
  } else {
    // These widths are rounded and the tokens' own are not, hence the 2 pixels.
    const room = stage.clientWidth - queries.offsetWidth - keys.offsetWidth - 2;
    state.size = [Math.max(72, Math.min(320, room)), Math.max(queries.scrollHeight, keys.scrollHeight)];
  }
  const middle = (box) => [...box.children].map((token) => (state.rows
    ? token.offsetLeft - box.offsetLeft + token.offsetWidth / 2
    : token.offsetTop - box.offsetTop + token.offsetHeight / 2));
  state.at = { query: middle(queries), key: middle(keys) };
  draw(state);
  const beyond = stage.scrollHeight > stage.clientHeight + 1 || stage.scrollWidth > stage.clientWidth + 1;
  root.querySelector(".hint").textContent = `${beyond ? `${header.words.more} ` : ""}${header.words.hint}`;
}

/** Keys of one row, largest share first, sorted once a row and head. */
function orderOf(state, head, query) {
  const { weights, header, orders } = state;
  const keys = header.keys.length;
  const id = head * header.queries.length + query;
  let order = orders.get(id);
  if (!order) {
    const base = id * keys;
    order = Uint16Array.from({ length: keys }, (_, key) => key).sort((a, b) => weights[base + b] - weights[base + a]);
    orders.set(id, order);
  }
  return order;
}

/** Who is in focus: the token under the pointer or keyboard, else the locked ones. */
function focused(state) {
  return state.hover ? [state.hover] : [...state.locked.values()];
}

/** Calls `act(head, query, key, weight)` for every link that is shown: heads that are on, tokens in focus, mass. */
function eachLink(state, chosen, act) {
  const { header, weights, on } = state;
  const wanted = { query: new Set(), key: new Set() };
  for (const { side, index } of chosen) wanted[side].add(index);
  const keys = header.keys.length;
  for (let head = 0; head < header.heads; head += 1) {
    if (!on[head]) continue;
    for (let query = 0; query < header.queries.length; query += 1) {
      if (chosen.length && !wanted.query.has(query) && !wanted.key.size) continue;
      const base = (head * header.queries.length + query) * keys;
      let total = 0; // less than 1 where tokens are hidden
      for (let key = 0; key < keys; key += 1) total += weights[base + key];
      let covered = 0;
      for (const key of orderOf(state, head, query)) {
        const weight = weights[base + key];
        if (weight <= 0 || covered >= state.mass * total - 1e-6) break;
        covered += weight;
        if (!chosen.length || wanted.query.has(query) || wanted.key.has(key)) act(head, query, key, weight);
      }
    }
  }
}

/** Calls `act(head, weight, curve)` for every link that is shown: where several heads link two tokens, side by side. */
function eachLine(state, chosen, act) {
  const keys = state.header.keys.length;
  const several = state.on.filter(Boolean).length > 1;
  const [lines, drawn] = several ? [0, 0].map(() => new Uint16Array(state.header.queries.length * keys)) : [];
  if (several) eachLink(state, chosen, (head, query, key) => { lines[query * keys + key] += 1; });
  eachLink(state, chosen, (head, query, key, weight) => {
    const at = query * keys + key;
    const lane = several ? drawn[at] - (lines[at] - 1) / 2 : 0;
    if (several) drawn[at] += 1;
    act(head, weight, curveOf(state, query, key, lane, several ? lines[at] : 1));
  });
}

const opacityOf = (weight) => 0.25 + 0.7 * Math.min(1, weight); // of the weight alone, however many heads are on
const widthOf = (weight) => 1 + 2.5 * Math.min(1, weight);
const dashOf = (head) => DASHES[Math.floor(head / 12) % DASHES.length];

function strokeOf(state, head) {
  const accent = getComputedStyle(state.root).getPropertyValue("--st-primary-color");
  return state.header.heads > 1 ? colourOf(state, head) : accent;
}

/** Start, both control points and end of a link; `lane` counts from the middle of `lanes`. */
function curveOf({ at, size, rows }, query, key, lane, lanes) {
  const [from, to] = [at.query[query], at.key[key]];
  const end = lane * Math.min(APART, ROOM / Math.max(1, lanes - 1));
  const [a, b, c, d] = [from + end, from + lane * APART, to + lane * APART, to + end];
  return rows
    ? [a, 0, b, size[1] / 2, c, size[1] / 2, d, size[1]]
    : [0, a, size[0] / 2, b, size[0] / 2, c, size[0], d];
}

function draw(state) {
  const { root, size } = state;
  const context = sharpContext(root.querySelector("canvas"), ...size);
  const chosen = focused(state);
  context.lineCap = "round";
  let pen = -1;
  eachLine(state, chosen, (head, weight, [x, y, ...rest]) => {
    if (head !== pen) {
      pen = head;
      context.strokeStyle = strokeOf(state, head);
      context.setLineDash(dashOf(head));
    }
    context.globalAlpha = opacityOf(weight);
    context.lineWidth = widthOf(weight);
    context.beginPath();
    context.moveTo(x, y);
    context.bezierCurveTo(...rest);
    context.stroke();
  });
  shares(state, chosen);
  for (const token of root.querySelectorAll(".token")) {
    const { side, index } = token.dataset;
    token.setAttribute("aria-selected", state.locked.has(`${side}${index}`));
    token.classList.toggle("source", chosen.some((one) => one.side === side && one.index === Number(index)));
  }
}

/** The lines and tokens as one SVG, all of them however far the stage is scrolled. */
function asSvg(state) {
  const { root } = state;
  const stage = root.querySelector(".stage");
  const make = (parent, name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };
  const frame = stage.getBoundingClientRect();
  const start = stage.dir === "rtl" ? frame.right - stage.scrollWidth : frame.left;
  const place = (element) => {
    const box = element.getBoundingClientRect();
    return [box.left - start + stage.scrollLeft, box.top - frame.top + stage.scrollTop, box.width, box.height];
  };
  const [width, height] = [Math.ceil(stage.scrollWidth), Math.ceil(stage.scrollHeight)];
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) {
    svg.setAttribute(key, value);
  }
  const ground = getComputedStyle(root).getPropertyValue("--st-background-color") || "#fff";
  make(svg, "rect", { width, height, fill: ground });
  const [left, top] = place(stage.querySelector("canvas"));
  const lines = make(svg, "g", { transform: `translate(${left} ${top})`, fill: "none", "stroke-linecap": "round" });
  eachLine(state, focused(state), (head, weight, curve) => {
    const [x, y, ...rest] = curve.map((value) => value.toFixed(1));
    make(lines, "path", {
      d: `M${x} ${y}C${rest.join(" ")}`, stroke: strokeOf(state, head), "stroke-opacity": opacityOf(weight).toFixed(3),
      "stroke-width": widthOf(weight).toFixed(2), ...(dashOf(head).length ? { "stroke-dasharray": dashOf(head) } : {}),
    });
  });
  for (const token of stage.querySelectorAll(".token")) {
    const [x, y, w, h] = place(token);
    make(svg, "rect", { x, y, width: w, height: h, rx: 4, fill: getComputedStyle(token).backgroundColor });
  }
  for (const text of stage.querySelectorAll(".title, .token b, .token small")) {
    const style = getComputedStyle(text);
    const [x, y, w, h] = place(text);
    const middle = state.rows && !text.matches(".title");
    const right = !middle && (style.textAlign === "right" || style.textAlign === "end");
    make(svg, "text", {
      x: middle ? x + w / 2 : right ? x + w - parseFloat(style.paddingRight) : x + parseFloat(style.paddingLeft),
      y: y + h / 2, "dominant-baseline": "central", "text-anchor": middle ? "middle" : right ? "end" : "start",
      "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight,
      fill: style.color, "xml:space": "preserve",
    }).textContent = text.textContent;
  }
  return { svg, width, height };
}

async function save(state, format) {
  const { svg, width, height } = asSvg(state);
  const scale = format === "png" ? Math.min(PRINT_SCALE, 16000 / Math.max(width, height)) : 1;
  svg.setAttribute("width", width * scale);
  svg.setAttribute("height", height * scale);
  const text = new XMLSerializer().serializeToString(svg);
  let blob = new Blob([text], { type: "image/svg+xml" });
  if (format === "png") {
    const address = URL.createObjectURL(blob);
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(address);
    blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
  }
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob) });
  link.download = `${state.header.filename}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** Beside each token its share of what the focused tokens give or get, the mean over the heads that are on. */
function shares(state, chosen) {
  const { root, header, weights, on } = state;
  const [queries, keys] = [header.queries.length, header.keys.length];
  const heads = on.flatMap((lit, head) => (lit ? [head] : []));
  for (const side of SIDES) {
    const others = chosen.filter((token) => token.side !== side);
    [...root.querySelector(`.tokens.${side}`).children].forEach((token, index) => {
      let sum = 0;
      for (const head of heads) {
        for (const other of others) {
          const [query, key] = side === "key" ? [other.index, index] : [index, other.index];
          sum += weights[(head * queries + query) * keys + key];
        }
      }
      const share = heads.length && others.length ? sum / heads.length / others.length : 0;
      token.lastChild.textContent = others.length && heads.length ? percent(share) : "";
      token.style.setProperty("--share", `${Math.round(55 * Math.min(1, share))}%`);
    });
  }
}

function percent(share) {
  if (share === 0) return "0%";
  if (share < 0.0005) return "<0.1%";
  return `${(share * 100).toFixed(1)}%`;
}

function soon(state) {
  cancelAnimationFrame(state.frame);
  state.frame = requestAnimationFrame(() => draw(state));
}

/** A double click leaves one head; another brings back those that were on before, all where it was alone before. */
function toggleHead(state, head, alone) {
  if (alone) {
    const isolated = state.on.every((lit, other) => lit === (other === head));
    const before = state.before;
    state.before = isolated ? null : [...state.on];
    state.on = state.on.map((_, other) => (isolated ? before?.[other] ?? true : other === head));
  } else {
    state.on[head] = !state.on[head];
  }
  pressed(state);
  soon(state);
  settled(state);
}

function lock(state, side, index, adds) {
  const id = `${side}${index}`;
  const had = state.locked.has(id);
  if (!adds) state.locked.clear();
  if (had) state.locked.delete(id);
  else state.locked.set(id, { side, index });
  soon(state);
  settled(state);
  if (state.header.tells) state.send("token", { side, index });
}

function listen(state) {
  state.unlisten = new AbortController();
  const { signal } = state.unlisten;
  const { root } = state;
  const stage = root.querySelector(".stage");
  const of = (event) => {
    const token = event.target.closest?.(".token");
    return token ? { side: token.dataset.side, index: Number(token.dataset.index) } : null;
  };
  const point = (token) => { state.hover = token; soon(state); };
  const set = ({ detail }) => {
    if (detail !== state.header.told_by) return;
    takeSettings(state);
    forgetMissing(state, false);
    controls(state);
    soon(state);
  };
  window.addEventListener("regard-lines", set, { signal });
  stage.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") point(of(event));
  }, { signal });
  stage.addEventListener("pointerleave", () => point(null), { signal });
  stage.addEventListener("focusin", (event) => {
    if (event.target.matches(":focus-visible")) point(of(event));
  }, { signal });
  stage.addEventListener("focusout", () => point(null), { signal });
  stage.addEventListener("click", (event) => {
    const token = of(event);
    if (token) lock(state, token.side, token.index, event.shiftKey || event.ctrlKey || event.metaKey);
  }, { signal });
  stage.addEventListener("keydown", (event) => onKey(state, event, of(event)), { signal });
  const heads = root.querySelector(".heads");
  const press = (event, alone) => {
    const button = event.target.closest?.(".head");
    if (button) toggleHead(state, Number(button.dataset.head), alone);
  };
  heads.addEventListener("click", (event) => press(event, event.shiftKey), { signal });
  heads.addEventListener("dblclick", (event) => press(event, true), { signal });
  root.querySelector(".mass input").addEventListener("input", (event) => {
    state.mass = Number(event.target.value) / 100;
    pressed(state);
    soon(state);
    settled(state);
  }, { signal });
  for (const button of root.querySelectorAll(".save button")) {
    button.addEventListener("click", () => {
      save(state, button.dataset.format).catch((error) => console.warn(error));
    }, { signal });
  }
}

/** The keys that go to the token before and after: the other way round where the row is read from the right. */
function arrowsOf(state, side) {
  const keys = ["ArrowLeft", "ArrowRight"];
  return directionOf(listOf(state, side)) === "rtl" ? keys.reverse() : keys;
}

function onKey(state, event, token) {
  if (event.key === "Escape") {
    state.locked.clear();
    state.hover = null;
    soon(state);
    settled(state);
    return;
  }
  if (!token || event.altKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    lock(state, token.side, token.index, event.shiftKey || event.ctrlKey || event.metaKey);
    return;
  }
  const [back, on, over] = state.rows
    ? [...arrowsOf(state, token.side), ["ArrowUp", "ArrowDown"]]
    : ["ArrowUp", "ArrowDown", ["ArrowLeft", "ArrowRight"]];
  const step = { [back]: -1, [on]: 1, Home: -Infinity, End: Infinity }[event.key];
  const side = over.includes(event.key) ? SIDES[over.indexOf(event.key)] : token.side;
  if (step === undefined && !over.includes(event.key)) return;
  event.preventDefault();
  const size = listOf(state, side).length;
  const index = Math.max(0, Math.min(size - 1, token.index + (step ?? 0)));
  const box = state.root.querySelector(`.tokens.${side}`);
  box.children[state.focus[side]].tabIndex = -1;
  state.focus[side] = index;
  box.children[index].tabIndex = 0;
  box.children[index].focus();
}
