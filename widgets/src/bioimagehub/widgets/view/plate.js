// The wells of a plate as a grid of small pictures: pictures are fetched for those in sight.

import { make } from "../page.js";

const BATCH = 12;
const SOON_MS = 60;

/** Make the grid. `open(name)` hears which well is to be shown, `step("field", by)` of keys. Gives `{ element, show(), focus(), renew() }`. */
export function makePlate(scene, model, { ask, life, open, step: choose, onProblem }) {
  const { rows, columns, present } = scene.wells;
  const there = new Set(present);
  const named = scene.wells.cells && new Map(scene.wells.cells.map(([name, row, column]) => [`${row}/${column}`, name]));
  const cells = new Map();
  const urls = new Set();
  const waiting = new Set();
  let timer = 0, current = null, last = null, fetching = false;

  const table = make("table", { class: "bih-view-plate", role: "grid", "aria-label": "Wells of the plate", style: `--columns: ${columns.length}` },
    make("thead", {}, make("tr", {}, make("td", {}), columns.map((name) => make("th", { scope: "col" }, String(name))))),
    make("tbody", {}, rows.map((row, down) => make("tr", {}, make("th", { scope: "row" }, String(row)), columns.map((column, right) => cell(row, column, `${down}/${right}`))))));

  function cell(row, column, place) {
    const known = named ? named.get(place) : [`${row}/${column}`, `${row}${column}`].find((each) => there.has(each));
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
    // One at a time: what is asked for meanwhile is taken up by the loop that runs.
    if (fetching) return;
    fetching = true;
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
        onProblem(error);
        for (const name of wells) put(name);
      }
    }
    fetching = false;
  }

  function put(name, buffer) {
    const button = cells.get(name);
    if (!button) return;
    const old = button.querySelector("img")?.src;
    if (old && urls.delete(old)) URL.revokeObjectURL(old);
    const seen = Boolean(buffer?.byteLength);
    button.setAttribute("aria-label", `Well ${button.title}${seen ? "" : ", no picture"}`);
    if (!seen) return button.replaceChildren();
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
    last = well ?? last;
    for (const [name, button] of cells) button.toggleAttribute("aria-current", name === well);
    rove(cells.get(last) ?? cells.values().next().value ?? null);
  };
  if (cells.size > 0) show();
  return { element: make("div", { class: "bih-view-plate-box" }, table), show: () => cells.size > 0 && show(), focus: () => current?.focus(), renew };
}
