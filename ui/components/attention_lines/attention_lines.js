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

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const state = instanceOf(parentElement, () => ({
    on: [], given: "", mass: 0, massGiven: 0, hover: null, locked: new Map(), focus: { query: 0, key: 0 },
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
  });
}

/** What the person set here stays until Python says something new. */
function takeSettings(state) {
  const { header } = state;
  const given = JSON.stringify([header.heads, header.active]);
  if (given !== state.given) {
    state.given = given;
    state.on = Array.from({ length: header.heads }, (_, head) => header.active.includes(head));
  }
  if (header.mass !== state.massGiven) state.mass = state.massGiven = header.mass;
}

function forgetMissing(state) {
  for (const [id, { side, index }] of state.locked) if (index >= listOf(state, side).length) state.locked.delete(id);
  state.hover = null;
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
  root.querySelector(".hint").textContent = words.hint;
  root.querySelector(".title.query").textContent = words.queries;
  root.querySelector(".title.key").textContent = words.keys;
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

/** Two rows where they fit and are asked for, else two columns; then measures where the lines start and end. */
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
  if (state.rows && stage.scrollWidth > width + 1) { state.rows = false; as("columns"); }
  const [queries, keys] = SIDES.map((side) => stage.querySelector(`.tokens.${side}`));
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

function draw(state) {
  const { root, header, weights, on, at, rows } = state;
  const [width, height] = state.size;
  const context = sharpContext(root.querySelector("canvas"), width, height);
  const chosen = focused(state);
  const wanted = { query: new Set(), key: new Set() };
  for (const { side, index } of chosen) wanted[side].add(index);
  const keys = header.keys.length;
  const accent = getComputedStyle(root).getPropertyValue("--st-primary-color");
  context.lineCap = "round";
  for (let head = 0; head < header.heads; head += 1) {
    if (!on[head]) continue;
    context.strokeStyle = header.heads > 1 ? colourOf(state, head) : accent;
    context.setLineDash(DASHES[Math.floor(head / 12) % DASHES.length]);
    for (let query = 0; query < header.queries.length; query += 1) {
      if (chosen.length && !wanted.query.has(query) && !wanted.key.size) continue;
      let covered = 0;
      for (const key of orderOf(state, head, query)) {
        const weight = weights[(head * header.queries.length + query) * keys + key];
        if (weight <= 0 || covered >= state.mass - 1e-6) break;
        covered += weight;
        if (chosen.length && !wanted.query.has(query) && !wanted.key.has(key)) continue;
        link(context, state, at.query[query], at.key[key], weight);
      }
    }
  }
  shares(state, chosen);
  for (const token of root.querySelectorAll(".token")) {
    const id = `${token.dataset.side}${token.dataset.index}`;
    token.setAttribute("aria-selected", state.locked.has(id));
    token.classList.toggle("source", wanted[token.dataset.side].has(Number(token.dataset.index)));
  }
  function link(pen, { size }, from, to, weight) {
    pen.globalAlpha = 0.25 + 0.7 * Math.min(1, weight);
    pen.lineWidth = 1 + 2.5 * Math.min(1, weight);
    pen.beginPath();
    if (rows) {
      pen.moveTo(from, 0);
      pen.bezierCurveTo(from, size[1] / 2, to, size[1] / 2, to, size[1]);
    } else {
      pen.moveTo(0, from);
      pen.bezierCurveTo(size[0] / 2, from, size[0] / 2, to, size[0], to);
    }
    pen.stroke();
  }
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

function toggleHead(state, head, alone) {
  if (alone) {
    const isolated = state.on.every((lit, other) => lit === (other === head));
    state.on = state.on.map((_, other) => isolated || other === head);
  } else {
    state.on[head] = !state.on[head];
  }
  pressed(state);
  soon(state);
}

function lock(state, side, index, adds) {
  const id = `${side}${index}`;
  const had = state.locked.has(id);
  if (!adds) state.locked.clear();
  if (had) state.locked.delete(id);
  else state.locked.set(id, { side, index });
  soon(state);
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
  }, { signal });
}

function onKey(state, event, token) {
  if (event.key === "Escape") {
    state.locked.clear();
    state.hover = null;
    soon(state);
    return;
  }
  if (!token || event.altKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    lock(state, token.side, token.index, event.shiftKey || event.ctrlKey || event.metaKey);
    return;
  }
  const [back, on, over] = state.rows
    ? ["ArrowLeft", "ArrowRight", ["ArrowUp", "ArrowDown"]]
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
