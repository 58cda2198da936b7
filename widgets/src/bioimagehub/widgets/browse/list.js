// The list of what was found: a million rows, of which those in sight are there.
import { bytes, count, make } from "../page.js";

const ROW = 60;
const OVER = 4;
// Browsers cut an element at some ten million pixels: a longer list is scrolled in proportion.
const TALLEST = 6e6;
const SETTLED_MS = 120;
let lists = 0;

/** Put a text where its own direction of writing turns nothing else round. */
export function isolate(text, properties = {}) {
  return make("bdi", properties, text);
}

/** Shorten a licence that is not in SPDX to what tells it apart. */
export function shorten(value) {
  return value.replace(/^LicenseRef-/, "");
}

/** Fill an option with a row; an empty one, while the row is on its way. */
function fill(option, row, pictures) {
  const parts = option.parts;
  option.element.classList.toggle("bih-waiting", !row);
  if (!row) {
    parts.title.textContent = "…";
    parts.about.replaceChildren();
    parts.side.replaceChildren();
    return;
  }
  parts.title.textContent = row.title;
  const about = [row.id, row.kind === "study" ? "study" : "", row.organism, row.technology].filter(Boolean);
  parts.about.replaceChildren(...about.flatMap((text, place) => [place ? " · " : "", isolate(text)]));
  const mark = row.access ? isolate(row.access, { class: "bih-none" }) : row.opens ? make("span", { class: "bih-mark" }, "opens here") : "";
  const size = row.size === null ? "" : bytes(row.size);
  parts.side.replaceChildren(
    make("span", {}, mark, mark && size ? " · " : "", make("span", { class: "bih-size" }, size)),
    isolate(row.licence ? shorten(row.licence) : "no licence stated", { class: row.licence ? "" : "bih-none" }),
  );
  pictures.show(row, parts.picture);
}

function makeOption(id) {
  const parts = {
    tick: make("span", { class: "bih-tick", "aria-hidden": "true" }),
    picture: make("span", { class: "bih-picture" }),
    title: make("bdi", { class: "bih-title" }),
    about: make("span", { class: "bih-about" }),
    side: make("span", { class: "bih-side" }),
  };
  const main = make("span", { class: "bih-main" }, parts.title, parts.about);
  const element = make("div", { class: "bih-row", role: "option", id }, parts.tick, parts.picture, main, parts.side);
  return { element, parts, row: undefined };
}

/**
 * Make the list. `chosen(row, how)` is told of a row that is clicked or asked for by a key: `show`, `toggle`;
 * `ranged(first, last)` of the places of rows that are all selected, whether they are here or not.
 * It gives `{ element, reset, refresh, mark, active, focus, move }`.
 */
export function makeList({ finding, pictures, model, life, chosen, ranged, moved }) {
  const name = `bih-list-${++lists}`;
  const rows = make("div", { class: "bih-rows", role: "presentation" });
  const spacer = make("div", { class: "bih-spacer", role: "presentation" }, rows);
  const view = make("div", {
    class: "bih-list", role: "listbox", tabIndex: 0, "aria-label": "Records found", "aria-multiselectable": "true",
  }, spacer);
  const options = new Map();
  let position = 0, last = 0, active = 0, settling = 0;

  const full = () => finding.count() * ROW;
  const tall = () => Math.min(full(), TALLEST);
  const height = () => view.clientHeight || 400;
  const clamp = (value, most) => Math.max(0, Math.min(value, most));

  function draw() {
    const total = finding.count();
    const from = Math.max(0, Math.floor(position / ROW) - OVER);
    const to = Math.min(total - 1, Math.ceil((position + height()) / ROW) + OVER);
    for (const [index, option] of options) {
      if (index >= from && index <= to) continue;
      option.element.remove();
      options.delete(index);
    }
    const selected = new Set(model.get("selection"));
    for (let index = from; index <= to; index++) {
      let option = options.get(index);
      if (!option) {
        option = makeOption(`${name}-${index}`);
        options.set(index, option);
        rows.append(option.element);
      }
      const row = finding.row(index);
      if (option.row !== row || row === undefined) fill(option, row, pictures);
      option.row = row;
      option.element.style.transform = `translateY(${index * ROW - position}px)`;
      option.element.ariaPosInSet = index + 1;
      option.element.ariaSetSize = total;
      option.element.ariaSelected = String(Boolean(row && selected.has(row.id)));
      option.element.classList.toggle("bih-active", index === active);
      option.element.classList.toggle("bih-shown", Boolean(row) && row.id === model.get("shown"));
    }
    if (options.has(active)) view.setAttribute("aria-activedescendant", `${name}-${active}`);
    else view.removeAttribute("aria-activedescendant");
    finding.ensure(from, to);
  }

  /** Bring the scroll bar to where the position is in proportion; nothing moves on the screen. */
  function settle() {
    const most = full() - height();
    if (full() <= TALLEST || most <= 0) return;
    view.scrollTop = (position / most) * (tall() - height());
    last = view.scrollTop;
  }
  function scrolled() {
    const top = view.scrollTop, step = top - last;
    last = top;
    const most = full() - height();
    if (full() <= TALLEST) position = top;
    else if (Math.abs(step) < 2 * height()) position = clamp(position + step, most);
    else position = clamp((top / (tall() - height())) * most, most);
    draw();
    clearTimeout(settling);
    settling = setTimeout(settle, SETTLED_MS);
  }
  function goTo(where) {
    position = clamp(where, Math.max(0, full() - height()));
    if (full() <= TALLEST) view.scrollTop = last = position;
    else settle();
    last = view.scrollTop;
    draw();
  }
  function move(index) {
    if (finding.count() === 0) return;
    active = clamp(index, finding.count() - 1);
    if (active * ROW < position) goTo(active * ROW);
    else if ((active + 1) * ROW > position + height()) goTo((active + 1) * ROW - height());
    else draw();
    moved(active, finding.row(active));
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(height() / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const row = finding.row(active);
    if (event.key in steps) {
      move(active + steps[event.key]);
      if (event.shiftKey && event.key.startsWith("Arrow") && finding.count()) ranged(active, active);
    } else if (event.key === "Enter" && row) chosen(row, "show");
    else if (event.key === " " && row) chosen(row, "toggle");
    else return;
    event.preventDefault();
  }
  function clicked(event) {
    const found = [...options].find(([, option]) => option.element.contains(event.target));
    if (!found || !found[1].row) return;
    const [index, option] = found;
    const before = active;
    active = index;
    const ticked = option.parts.tick.contains(event.target) || event.ctrlKey || event.metaKey;
    if (event.shiftKey) ranged(Math.min(before, index), Math.max(before, index));
    else chosen(option.row, ticked ? "toggle" : "show");
    draw();
  }

  view.addEventListener("scroll", scrolled, { passive: true });
  view.addEventListener("keydown", pressed);
  view.addEventListener("click", clicked);
  const watch = new ResizeObserver(() => draw());
  watch.observe(view);
  life.addEventListener("abort", () => {
    watch.disconnect();
    clearTimeout(settling);
  });

  return {
    element: view,
    /** Begin at the top: something else was found. */
    reset() {
      spacer.style.height = `${tall()}px`;
      active = 0;
      goTo(0);
      view.setAttribute("aria-label", `Records found: ${count(finding.count())}`);
    },
    refresh: draw,
    active: () => finding.row(active),
    focus: () => view.focus({ preventScroll: true }),
    move,
  };
}
