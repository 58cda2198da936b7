// The files as a tree of folders. The kernel has it; the page holds the rows around those that are seen.
import { bytes, count, make } from "../page.js";
import { follow } from "./listening.js";
import { size } from "./plan.js";

const HEIGHT = 26;
const PAGE = 100;
const WAIT = 120;
const KINDS = { folder: "folder", image: "image", file: "file" };

/** Make the list of files: search, choose, open and close folders. */
export function makeTree({ model, ask, failed, say, life }) {
  let search = "", open = [], total = 0, pages = new Map(), active = 0, version = 0, wish = null, timer = 0;
  let loading = null, choosing = Promise.resolve();
  const spacer = make("div", { class: "bih-spacer", role: "presentation" });
  const box = make("div", { class: "bih-tree", role: "tree", tabIndex: 0, "aria-label": "Files", "aria-multiselectable": "true", onkeydown: keys, onscroll: draw }, spacer);
  const told = make("span", { class: "bih-quiet", role: "status" });
  const field = make("input", { type: "search", class: "bih-search", placeholder: "Search files, such as *.tif", "aria-label": "Search files", oninput: () => {
    clearTimeout(timer);
    timer = setTimeout(() => { search = field.value.trim(); active = 0; box.scrollTop = 0; renew(); }, WAIT);
  } });
  const all = make("button", { type: "button", onclick: () => choose({ path: "", search, take: true }) }, "Take all");
  const none = make("button", { type: "button", onclick: () => choose({ path: "", search, take: false }) }, "Take none");
  const kinds = make("div", { class: "bih-bar bih-kinds", role: "group", "aria-label": "Take only one format" });
  const element = make("details", { class: "bih-files", open: true },
    make("summary", {}, "Choose files"),
    make("div", { class: "bih-bar" }, field, all, none, told), kinds, box,
    make("p", { class: "bih-hint bih-quiet" }, "Arrows move, right opens a folder, space takes or leaves out."));

  const row = (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE];

  async function load(page) {
    const asked = version;
    pages.set(page, []);
    try {
      const answer = await ask("files", { search, open, offset: page * PAGE, limit: PAGE }, { signal: loading.signal });
      if (asked !== version) return;
      pages.set(page, answer.content.rows);
      total = answer.content.count;
      spacer.style.height = `${total * HEIGHT}px`;
      told.textContent = search ? `${count(total)} found` : "";
      all.textContent = search ? "Take what is found" : "Take all";
      none.textContent = search ? "Leave out what is found" : "Take none";
      if (wish !== null) seek();
      draw();
    } catch (error) {
      if (asked === version) pages.delete(page);
      failed(error);
    }
  }

  function renew() {
    version += 1;
    loading?.abort();
    loading = new AbortController();
    pages = new Map();
    const first = Math.floor(box.scrollTop / HEIGHT / PAGE);
    load(first);
    if (Math.floor(active / PAGE) !== first) load(Math.floor(active / PAGE));
  }

  function draw() {
    active = Math.max(0, Math.min(active, total - 1));
    const first = Math.max(0, Math.floor(box.scrollTop / HEIGHT) - 5);
    const last = Math.min(total, first + Math.ceil(Math.max(box.clientHeight, 240) / HEIGHT) + 10);
    const shown = [];
    for (let index = first; index < last; index += 1) {
      const page = Math.floor(index / PAGE);
      if (!pages.has(page)) load(page);
      const found = row(index);
      if (found) shown.push(makeRow(found, index));
    }
    spacer.replaceChildren(...shown);
    const present = spacer.querySelector(".bih-active");
    if (present) box.setAttribute("aria-activedescendant", present.id);
    else box.removeAttribute("aria-activedescendant");
  }

  function makeRow(found, index) {
    const marks = { all: "true", none: "false", some: "mixed" };
    const isFolder = found.kind === "folder";
    const files = found.kind === "file" ? "" : `${count(found.files)} file${found.files === 1 ? "" : "s"}`;
    const line = make("div", {
      class: `bih-row${index === active ? " bih-active" : ""}`, role: "treeitem", id: `${box.id}-${index}`,
      "aria-level": found.depth, "aria-setsize": found.among, "aria-posinset": found.number, "aria-checked": marks[found.chosen],
      "aria-label": `${found.name}, ${[KINDS[found.kind], files, size(found.size, found.exact)].filter(Boolean).join(", ")}`,
      "aria-expanded": isFolder ? String(found.open) : undefined,
      onclick: (event) => click(event, found, index),
    },
      make("span", { class: "bih-twist", "aria-hidden": "true" }, isFolder ? (found.open ? "▾" : "▸") : ""),
      make("span", { class: "bih-tick", "aria-hidden": "true", "data-mark": { all: "✓", none: "", some: "–" }[found.chosen] }),
      make("bdi", { class: `bih-name bih-${found.kind}` }, found.name),
      make("span", { class: "bih-quiet bih-number" }, files),
      make("span", { class: "bih-number" }, size(found.size, found.exact)));
    line.style.top = `${index * HEIGHT}px`;
    line.style.paddingLeft = `${4 + (found.depth - 1) * 16}px`;
    return line;
  }

  function click(event, found, index) {
    active = index;
    if (event.target.closest(".bih-tick")) toggle(found);
    else if (found.kind === "folder") turn(found);
    else toggle(found);
    draw();
  }

  function toggle(found) {
    const take = found.chosen !== "all";
    say(`${found.name}: ${take ? "taken" : "left out"}`);
    choose({ path: found.path, take });
  }

  /** One after the other: each changes what the one before chose. */
  function choose(content) {
    choosing = choosing.then(() => ask("choose", content)).catch(failed);
  }

  function turn(found) {
    open = found.open ? open.filter((each) => each !== found.path) : [...open, found.path];
    wish = found.path;
    renew();
  }

  /** After a folder was opened or closed, the same row is the active one. */
  function seek() {
    for (const [page, rows] of pages) {
      const at = rows.findIndex((each) => each.path === wish);
      if (at >= 0) active = page * PAGE + at;
    }
    wish = null;
  }

  function move(index) {
    active = Math.max(0, Math.min(index, total - 1));
    const top = active * HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + HEIGHT - box.clientHeight;
    draw();
  }

  function parent(index) {
    const depth = row(index)?.depth ?? 1;
    let at = index;
    while (at > 0 && (row(at)?.depth ?? depth) >= depth) at -= 1;
    return at;
  }

  function keys(event) {
    const page = Math.max(1, Math.floor(box.clientHeight / HEIGHT) - 1);
    const found = row(active);
    const steps = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: total - 1 };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) move(steps[event.key]);
    else if (event.key === " " && found) toggle(found);
    else if (event.key === "Enter" && found) found.kind === "folder" ? turn(found) : toggle(found);
    else if (event.key === "ArrowRight" && found?.kind === "folder") found.open ? move(active + 1) : turn(found);
    else if (event.key === "ArrowLeft" && found) found.open ? turn(found) : move(parent(active));
    else return;
    // JupyterLab would move between cells, or insert one.
    event.preventDefault();
    event.stopPropagation();
  }

  function showKinds() {
    const endings = model.get("plan").endings ?? [];
    kinds.hidden = endings.length < 2;
    kinds.replaceChildren(make("span", { class: "bih-quiet" }, "Only:"), ...endings.map((each) =>
      make("button", { type: "button", class: "bih-chip", "aria-label": `Take only ${each.ending}`, onclick: () => choose({ ending: each.ending }) }, each.ending, make("span", { class: "bih-quiet" }, ` ${count(each.files)}, ${bytes(each.size)}`))));
  }

  box.id = `bih-tree-${Math.random().toString(36).slice(2)}`;
  life?.addEventListener("abort", () => clearTimeout(timer));
  follow(model, life, ["plan"], () => {
    showKinds();
    if (model.get("plan").files_all) renew();
  });
  return { element, chosen: () => choosing };
}
