const NARROW = 520;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const state = instanceOf(parentElement, () => ({ focus: [-1, 0], current: "" }));
  const [header] = unpack(data);
  Object.assign(state, { root, header, send: setTriggerValue });
  applyTheme(root);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", header.label);
  root.classList.toggle("unnamed", header.rows.every((row) => !row.name));
  resize(root.children, header.rows.length, root, newRow);
  header.rows.forEach((row, at) => fillRow(state, root.children[at], row, at));
  if (!root.contains(root.getRootNode().activeElement)) state.focus = [-1, 0]; // Tab leads to the current chip again
  rove(state, ...state.focus);
  showCurrent(state);
  if (!state.stop) {
    listen(state);
    state.stop = watchSize(root, () => root.classList.toggle("narrow", root.clientWidth < NARROW));
  }
  return disposer(parentElement, state, () => { state.stop(); state.unlisten.abort(); });
}

/** Elements are reused in place, so that a focused chip keeps its focus when the run changes. */
function resize(children, count, parent, make) {
  while (children.length > count) parent.lastChild.remove();
  while (children.length < count) parent.append(make(children.length));
}

function newRow(at) {
  const row = document.createElement("div");
  row.className = "row";
  const name = Object.assign(document.createElement("div"), { className: "name", id: `name-${at}` });
  const empty = Object.assign(document.createElement("div"), { className: "empty" });
  const chips = Object.assign(document.createElement("div"), { className: "chips" });
  chips.dataset.testid = `token-row-${at}`;
  row.append(name, chips);
  row.chips = chips;
  row.empty = empty;
  return row;
}

function fillRow(state, element, row, at) {
  const { clickable, label } = state.header;
  const { chips, empty } = element;
  chips.dir = directionOf(row.chips.map((chip) => chip.label));
  element.firstChild.textContent = row.name;
  empty.textContent = row.empty;
  empty.remove();
  chips.setAttribute("role", clickable ? "listbox" : "list");
  chips.setAttribute("aria-label", row.name || label);
  chips.classList.toggle("noted", row.chips.some((chip) => chip.note));
  resize(chips.children, row.chips.length, chips, (index) => newChip(at, index));
  if (!row.chips.length && row.empty) chips.append(empty);
  row.chips.forEach((chip, index) => fillChip(chips.children[index], chip, clickable));
}

function newChip(row, index) {
  const chip = document.createElement("div");
  Object.assign(chip.dataset, { row, index, testid: "token-chip" });
  chip.append(document.createElement("b"), document.createElement("small"));
  return chip;
}

function fillChip(element, chip, clickable) {
  setLabel(element.firstChild, chip.label);
  element.lastChild.textContent = chip.note;
  element.title = chip.title;
  const tinted = chip.intensity !== null;
  const classes = { chip: true, clickable, tinted, special: chip.special, current: chip.current, next: chip.next };
  element.className = Object.keys(classes).filter((name) => classes[name]).join(" ");
  element.style.setProperty("--tint", `var(--role-${chip.role})`);
  element.style.setProperty("--share", tinted ? `${Math.round(55 * chip.intensity)}%` : "0%");
  element.setAttribute("role", clickable ? "option" : "listitem");
  if (clickable) element.setAttribute("aria-selected", chip.current);
  else element.removeAttribute("aria-selected");
  if (chip.title) element.setAttribute("aria-label", [chip.label, chip.note, chip.title].filter(Boolean).join(", "));
  else element.removeAttribute("aria-label");
}

/** The marks that stand for leading spaces are dimmed, so that words read first; the text stays what it is. */
function setLabel(element, label) {
  const marks = /^·+(?=.)/su.exec(label)?.[0] ?? "";
  if (!marks) {
    element.textContent = label;
    return;
  }
  const dim = Object.assign(document.createElement("span"), { className: "space", textContent: marks });
  element.replaceChildren(dim, label.slice(marks.length));
}

const chipAt = (state, row, index) => state.root.children[row]?.chips.querySelectorAll(".chip")[index];

/** One chip a row takes the tab stop: the one that had it, else the current one. */
function rove(state, row, index) {
  state.focus = [row, index];
  const { rows, clickable } = state.header;
  rows.forEach((strip, at) => {
    const current = Math.max(0, strip.chips.findIndex((chip) => chip.current));
    const stop = at === row && index < strip.chips.length ? index : current;
    strip.chips.forEach((_, place) => { chipAt(state, at, place).tabIndex = clickable && place === stop ? 0 : -1; });
  });
}

/** Scrolls a long row, never the page, to its current chip when that one changes. */
function showCurrent(state) {
  state.header.rows.forEach((strip, at) => {
    const index = strip.chips.findIndex((chip) => chip.current || chip.next);
    const id = `${at}:${index}`;
    const chip = chipAt(state, at, index);
    if (!chip || state[`shown${at}`] === id) return;
    state[`shown${at}`] = id;
    const box = chip.parentElement;
    if (chip.offsetTop < box.scrollTop || chip.offsetTop + chip.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = chip.offsetTop - box.clientHeight / 2;
    }
  });
}

function listen(state) {
  state.unlisten = new AbortController();
  const { signal } = state.unlisten;
  const of = (event) => {
    const chip = event.target.closest?.(".chip");
    return chip && state.header.clickable ? [Number(chip.dataset.row), Number(chip.dataset.index)] : null;
  };
  const tell = ([row, index]) => state.send("token", { row, index });
  state.root.addEventListener("click", (event) => {
    const at = of(event);
    if (!at) return;
    rove(state, ...at);
    tell(at);
  }, { signal });
  state.root.addEventListener("keydown", (event) => {
    const at = of(event);
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      tell(at);
      return;
    }
    const next = target(state, at, event.key);
    if (!next) return;
    event.preventDefault();
    rove(state, ...next);
    chipAt(state, ...next).focus();
  }, { signal });
}

function target(state, [row, index], key) {
  const { rows } = state.header;
  const last = rows[row].chips.length - 1;
  const on = chipAt(state, row, index).parentElement.dir === "rtl" ? -1 : 1;
  const moves = { ArrowLeft: index - on, ArrowRight: index + on, Home: 0, End: last };
  if (key in moves) return [row, Math.max(0, Math.min(last, moves[key]))];
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  return nearest(state, chipAt(state, row, index), key === "ArrowUp" ? -1 : 1) ?? [row, index];
}

/** The chip of the next visible line up or down that lies closest, in this row or another. */
function nearest(state, from, direction) {
  const here = from.getBoundingClientRect();
  let best = null;
  for (const chip of state.root.querySelectorAll(".chip")) {
    const there = chip.getBoundingClientRect();
    const down = (there.top - here.top) * direction;
    if (down < 4) continue;
    const distance = down * 10 + Math.abs(there.left + there.width / 2 - here.left - here.width / 2);
    const at = [Number(chip.dataset.row), Number(chip.dataset.index)];
    if (!best || distance < best.distance) best = { distance, at };
  }
  return best?.at ?? null;
}
