// The wells of a plate as a grid of small pictures: pictures are fetched for those in sight.

import { make } from "../page.js";

const BATCH = 12;
const SOON_MS = 60;

/** Make the grid. `open(name)` hears which well is to be shown, `step("field", by)` of keys. Gives `{ element, show(), renew() }`. */
export function makePlate(scene, model, { ask, life, open, step: choose, onProblem }) {
  const { rows, columns, present } = scene.wells;
  const there = new Set(present);
  const cells = new Map();
  const urls = new Set();
  const waiting = new Set();
  let timer = 0, current = null;

  const table = make("table", { class: "bih-view-plate", role: "grid", "aria-label": "Wells of the plate", style: `--columns: ${columns.length}` },
    make("thead", {}, make("tr", {}, make("td", {}), columns.map((name) => make("th", { scope: "col" }, String(name))))),
    make("tbody", {}, rows.map((row) => make("tr", {}, make("th", { scope: "row" }, String(row)), columns.map((column) => cell(row, column))))));

  function cell(row, column) {
    const name = `${row}/${column}`;
    const known = [name, `${row}${column}`].find((each) => there.has(each));
    if (known === undefined) return make("td", { class: "bih-view-empty", "aria-label": `${row}${column}, empty` });
    const button = make("button", {
      type: "button", class: "bih-view-well", "data-well": known, tabIndex: -1, title: `${row}${column}`, "aria-label": `Well ${row}${column}`,
      onclick: () => open(known), onfocus: () => rove(button),
    });
    cells.set(known, button);
    return make("td", {}, button);
  }

  function rove(button) {
    if (current) current.tabIndex = -1;
    current = button;
    button.tabIndex = 0;
  }

  table.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.metaKey) return choose("field", event.key === "f" ? 1 : -1);
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const from = event.target.closest("td");
    if (!step || !from) return;
    event.preventDefault();
    let row = from.parentElement.rowIndex, column = from.cellIndex;
    for (;;) {
      row += step[0];
      column += step[1];
      const next = table.rows[row]?.cells[column];
      if (row < 1 || column < 1 || !next) return;
      const button = next.querySelector("button");
      if (button) return button.focus();
    }
  }, { signal: life });

  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      waiting.add(target.dataset.well);
    }
    clearTimeout(timer);
    timer = setTimeout(fetchAll, SOON_MS);
  }, { rootMargin: "100px" });
  const renew = () => {
    for (const button of cells.values()) {
      seen.unobserve(button);
      seen.observe(button);
    }
  };
  renew();

  async function fetchAll() {
    while (waiting.size > 0 && !life.aborted) {
      const wells = [...waiting].slice(0, BATCH);
      for (const name of wells) waiting.delete(name);
      const field = model.get("field");
      try {
        const { content, buffers } = await ask("thumbnails", { wells, field }, { signal: life });
        if (life.aborted) return;
        // Those of another field are on their way.
        if (model.get("field") !== field) continue;
        (content.wells ?? wells).forEach((name, index) => put(name, buffers[index]));
      } catch (error) {
        if (life.aborted) return;
        return onProblem(error);
      }
    }
  }

  function put(name, buffer) {
    const button = cells.get(name);
    if (!button || !buffer?.byteLength) return;
    const old = button.querySelector("img")?.src;
    if (old && urls.delete(old)) URL.revokeObjectURL(old);
    const url = URL.createObjectURL(new Blob([buffer], { type: "image/png" }));
    urls.add(url);
    button.replaceChildren(make("img", { src: url, alt: "", draggable: false }));
  }

  life.addEventListener("abort", () => {
    seen.disconnect();
    clearTimeout(timer);
    for (const url of urls) URL.revokeObjectURL(url);
  });
  const show = () => {
    const well = model.get("well");
    for (const [name, button] of cells) button.toggleAttribute("aria-current", name === well);
    rove(cells.get(well) ?? cells.values().next().value ?? null);
  };
  if (cells.size > 0) show();
  return { element: make("div", { class: "bih-view-plate-box" }, table), show: () => cells.size > 0 && show(), renew };
}
