// Small pictures, asked for when their rows come to rest on the screen; a neutral drawing where there is none.
import { make } from "../page.js";

const AT_ONCE = 2;
const IN_ONE = 6;
const KEPT = 400;
const SETTLED_MS = 150;
// After so long what was asked in vain is asked again.
const LATER_MS = 60_000;
const SVG = "http://www.w3.org/2000/svg";

/** Draw what stands in for a picture: three cells. */
export function drawNeutral() {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 48 48");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "bih-neutral");
  for (const [x, y, r] of [[17, 19, 9], [33, 16, 5], [30, 33, 8]]) {
    for (const radius of [r, r / 3]) {
      const circle = document.createElementNS(SVG, "circle");
      for (const [name, value] of [["cx", x], ["cy", y], ["r", radius]]) circle.setAttribute(name, value);
      drawing.append(circle);
    }
  }
  return drawing;
}

/** Keep pictures by identifier; `show(row, slot)` puts one into a slot, now or when it has come. */
export function makePictures({ ask, life }) {
  const kept = new Map();
  const wanted = new Map();
  const later = new Map();
  let running = 0;
  let timer = 0;
  let again = 0;

  const put = (slot, url) => {
    slot.replaceChildren(url ? make("img", { src: url, alt: "", draggable: false }) : drawNeutral());
  };
  const keep = (identifier, url) => {
    kept.set(identifier, url);
    for (const [old, address] of kept) {
      if (kept.size <= KEPT) break;
      kept.delete(old);
      if (address) URL.revokeObjectURL(address);
    }
  };

  /** Ask again in a while, for rows that are still on the screen then. */
  function askLater(some, wait) {
    for (const [id, slot] of some) later.set(id, slot);
    if (life.aborted || again || later.size === 0) return;
    again = setTimeout(() => {
      again = 0;
      for (const [id, slot] of later) if (!kept.has(id)) wanted.set(id, slot);
      later.clear();
      next();
    }, wait);
  }

  async function fetchSome() {
    // Newest first; rows that are off the screen again are not asked for.
    const here = [...wanted].filter(([id, slot]) => slot.isConnected && slot.dataset.id === id).reverse();
    wanted.clear();
    const now = here.slice(0, IN_ONE);
    for (const [id, slot] of here.slice(IN_ONE).reverse()) wanted.set(id, slot);
    if (now.length === 0) return;
    running++;
    let untried = now.map(([id]) => id);
    let wait = LATER_MS;
    try {
      const { content, buffers } = await ask("pictures", { identifiers: now.map(([id]) => id) });
      content.found.forEach((id, place) => {
        keep(id, URL.createObjectURL(new Blob([buffers[place]], { type: "image/jpeg" })));
      });
      untried = content.later;
      wait = content.wait * 1000;
    } catch {
      // Without its picture a row is as good.
    }
    running--;
    for (const [id, slot] of now) {
      // That there is none is known of those alone that were tried.
      if (!kept.has(id) && !untried.includes(id)) keep(id, null);
      if (slot.isConnected && slot.dataset.id === id) put(slot, kept.get(id));
    }
    askLater(now.filter(([id]) => untried.includes(id)), wait);
    next();
  }
  function next() {
    if (life.aborted) return;
    while (running < AT_ONCE && wanted.size) {
      const before = wanted.size;
      fetchSome();
      if (wanted.size === before) break;
    }
  }

  life.addEventListener("abort", () => {
    clearTimeout(timer);
    clearTimeout(again);
    for (const url of kept.values()) if (url) URL.revokeObjectURL(url);
  });
  return {
    show(row, slot) {
      if (slot.dataset.id === row.id) return;
      slot.dataset.id = row.id;
      put(slot, kept.get(row.id));
      if (!row.picture || kept.has(row.id)) return;
      wanted.set(row.id, slot);
      clearTimeout(timer);
      timer = setTimeout(next, SETTLED_MS);
    },
  };
}
