// The page of the browser of a catalog: search, facets, list, details, and what is open below them.
import { makeAsking } from "../asking.js";
import { count, make, makeProblem, makeRoot, makeSpoken } from "../page.js";
import { makeDetail } from "./detail.js";
import { makeFacets } from "./facets.js";
import { makeFinding } from "./finding.js";
import { listen, makeHelp } from "./keys.js";
import { isolate, makeList, shorten } from "./list.js";
import { makePanel } from "./panel.js";
import { makePictures } from "./pictures.js";
import { makeSheet } from "./sheet.js";

const SORTS = [
  ["relevance", "Best first"], ["-released", "Newest first"], ["released", "Oldest first"], ["-size", "Largest first"],
  ["size", "Smallest first"], ["title", "By title"], ["identifier", "By identifier"], ["-images", "Most images first"],
  ["-files", "Most files first"],
];
const QUIET_MS = 1500;

/** Make the head: search field, order, help. */
function makeHead({ finding, help }) {
  const field = make("input", {
    type: "search", class: "bih-search", "aria-label": "Search the records", autocomplete: "off", spellcheck: false,
    placeholder: "Search: words, \"phrases\", begin*, -not", maxLength: 1000,
  });
  const options = SORTS.map(([value, name]) => make("option", { value }, name));
  const sort = make("select", { "aria-label": "Order" }, options);
  const asked = make("button", { type: "button", "aria-label": "Help", title: "Help (?)", onclick: help }, "?");
  field.addEventListener("input", () => finding.change({ text: field.value }));
  sort.addEventListener("change", () => finding.change({ sort: sort.value }));
  const renew = () => {
    const { text, sort: value } = finding.state();
    if (field.value !== text) field.value = text;
    // An order that Python set and that is not offered here is shown as well.
    if (![...sort.options].some((each) => each.value === value)) sort.append(make("option", { value }, value));
    sort.value = value;
  };
  return { element: make("div", { class: "bih-head" }, field, sort, asked), field, sort, renew };
}

/** Make the line under the head: how many there are, other spellings, and a chip for each value that is chosen. */
function makeTold({ finding, say, focus }) {
  const found = make("span", { class: "bih-count" });
  const hints = make("span", { class: "bih-hints" });
  const chips = make("span", { class: "bih-chips", role: "group", "aria-label": "Filters in use" });
  const search = (text) => {
    finding.change({ text });
    focus();
  };
  const makeChips = () => {
    const pairs = Object.entries(finding.state().filters).flatMap(([facet, values]) => values.map((value) => [facet, value]));
    const made = pairs.map(([facet, value]) => make("button", {
      type: "button", class: "bih-chip", "aria-label": `Remove the filter ${facet.replace("_", " ")}: ${value}`,
      onclick: () => { finding.choose(facet, value, false); focus(); },
    }, make("span", {}, `${facet.replace("_", " ")}: `), isolate(shorten(value)), " ×"));
    if (pairs.length > 1) {
      made.push(make("button", { type: "button", class: "bih-chip", onclick: () => {
        finding.change({ filters: {} });
        focus();
      } }, "Remove all"));
    }
    chips.replaceChildren(...made);
  };
  return {
    element: make("div", { class: "bih-toldline" }, found, hints, chips),
    renew: makeChips,
    show(answer) {
      const all = answer.count === answer.total;
      found.textContent = all ? `${count(answer.total)} records` : `${count(answer.count)} of ${count(answer.total)} records`;
      hints.replaceChildren();
      const begun = answer.text !== finding.state().text && answer.text.endsWith("*");
      if (begun) hints.append("with words that begin with ", isolate(answer.text.trim().split(/\s+/).pop().slice(0, -1)));
      if (answer.wider) {
        const [text, number] = answer.wider;
        hints.append(make("button", { type: "button", class: "bih-link", onclick: () => search(text) },
          `words that begin so, too: ${count(number)}`));
      }
      if (answer.suggestion) {
        hints.append("Did you mean ", make("button", {
          type: "button", class: "bih-link", onclick: () => search(answer.suggestion),
        }, isolate(answer.suggestion)), "?");
      }
      say([found.textContent, hints.textContent].filter(Boolean).join(", "));
      makeChips();
    },
  };
}

/** Make the bar of what is done with all that is selected. */
function makeSelected({ model, act }) {
  const told = make("span", {});
  const button = (what, text) => make("button", { type: "button", onclick: () => act(what) }, text);
  const clear = make("button", { type: "button", onclick: () => {
    model.set("selection", []);
    model.save_changes();
    act("focus");
  } }, "Clear");
  const bar = make("div", { class: "bih-bar bih-selected", hidden: true, role: "group", "aria-label": "What is selected" },
    told, button("download", "Download"), button("cite", "Cite"), button("write", "Copy code"), button("lock", "Add to lock"), clear);
  return {
    element: bar,
    renew() {
      const number = model.get("selection").length;
      bar.hidden = number === 0;
      told.textContent = `${count(number)} selected`;
    },
  };
}

function render({ model, el, signal, host }) {
  const life = signal;
  const ask = makeAsking(model, life);
  const root = makeRoot("browse", "Browse the archives", life);
  const problem = makeProblem(model, life);
  const { line, say } = makeSpoken();
  const failed = (error) => problem.show(error);
  const save = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  let quiet = 0;
  const keepSoon = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => ask("keep").catch(failed), QUIET_MS);
  };

  const pictures = makePictures({ ask, life });
  const began = () => {
    list.element.ariaBusy = "true";
    head.renew();
    told.renew();
  };
  const finding = makeFinding({ model, ask, life, failed, began, filled: () => list.refresh(), found: (answer) => {
    list.element.ariaBusy = "false";
    list.reset();
    facets.show(answer.facets);
    told.show(answer);
    empty.hidden = answer.count > 0;
    keepSoon();
  } });
  /** Select records, or leave them, all at once. */
  const select = (identifiers, on) => {
    const meant = new Set(identifiers);
    const others = model.get("selection").filter((each) => !meant.has(each));
    save("selection", on ? [...others, ...identifiers] : others);
  };
  const list = makeList({ finding, pictures, model, life,
    chosen: (row, how) => {
      if (how === "show") save("shown", model.get("shown") === row.id ? null : row.id);
      else select([row.id], !model.get("selection").includes(row.id));
    },
    ranged: async (first, last) => {
      try {
        select(await finding.identifiers(first, last), true);
      } catch (error) {
        if (error.name !== "AbortError") failed(error);
      }
    },
    // Details that are open follow the keys.
    moved: (index, row) => { if (row && model.get("shown") !== null) save("shown", row.id); },
  });
  const act = (what, identifier) => {
    if (what in moves) return moves[what]();
    const identifiers = meant(what, identifier);
    if (identifiers.length) return actions[what](identifiers);
    tell("No record is selected or shown, and the list is at none. Choose a record first.");
  };
  const sheet = makeSheet({ ask, say, failed, closed: () => list.focus() });
  const detail = makeDetail({ model, finding, ask, act, failed, life });
  const facets = makeFacets({ finding, ask, failed });
  const help = makeHelp(() => list.focus());
  const head = makeHead({ finding, help: help.open });
  const told = makeTold({ finding, say, focus: () => head.field.focus() });
  const selected = makeSelected({ model, act });
  const panel = makePanel({ model, ask, host, failed, say, life, back: () => list.focus() });
  const empty = make("p", { class: "bih-empty", hidden: true }, "Nothing fits. Take out a word or a filter.");

  /** Tell what an action is about: a record that was named, else what is selected, shown, or where the keys are. */
  const meant = (what, identifier) => {
    if (identifier) return [identifier];
    // One record alone is viewed, whatever is selected.
    const chosen = what === "open" ? [] : model.get("selection");
    const one = model.get("shown") ?? list.active()?.id;
    return chosen.length ? chosen : one ? [one] : [];
  };
  const note = make("p", { class: "bih-note" });
  const tell = (text) => {
    note.textContent = text;
    say(text);
  };
  const actions = {
    cite: (identifiers) => sheet.cite(identifiers),
    write: (identifiers) => sheet.write({ ...finding.state(), identifiers }),
    open: ([identifier]) => panel.open("open", { identifier }),
    download: (identifiers) => panel.open("download", { identifiers }),
    async lock(identifiers) {
      try {
        const { content } = await ask("lock", { identifiers });
        const added = content.added.length;
        tell(`${added ? `${count(added)} added to` : "Already in"} ${content.path}, which has ${count(content.count)} now.`);
      } catch (error) {
        failed(error);
      }
    },
  };
  const moves = {
    hide: () => { save("shown", null); list.focus(); },
    focus: () => list.focus(),
  };
  const search = () => sheet.write(finding.state());
  const copied = make("button", { type: "button", class: "bih-link", onclick: search }, "Copy this search as code");

  const body = make("div", { class: "bih-body" }, facets.element,
    make("div", { class: "bih-middle" }, selected.element, empty, list.element, make("div", { class: "bih-foot" }, note, copied)),
    detail.element);
  const finder = make("div", { class: "bih-finder" }, head.element, told.element, sheet.element, body, help.element);
  root.append(line, problem.box, finder, panel.element);

  head.field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      list.focus();
    }
  });
  listen(root, {
    "/": () => { head.field.focus(); head.field.select(); },
    "?": help.open,
    f: facets.focus,
    s: () => head.sort.focus(),
    o: () => act("open"), d: () => act("download"), c: () => act("cite"), y: () => act("write"), l: () => act("lock"),
    Escape: (event) => {
      if (event.target === head.field && head.field.value) finding.change({ text: "" });
      else if (sheet.isOpen()) sheet.hide();
      else if (model.get("shown") !== null) moves.hide();
      else list.focus();
    },
  });

  const watched = {
    selection: () => { selected.renew(); list.refresh(); keepSoon(); },
    shown: () => {
      body.classList.toggle("bih-detailed", model.get("shown") !== null);
      detail.show(model.get("shown"));
      list.refresh();
    },
    height: () => root.style.setProperty("--bih-height", `${model.get("height")}px`),
  };
  for (const [name, changed] of Object.entries(watched)) {
    model.on(`change:${name}`, changed);
    life.addEventListener("abort", () => model.off(`change:${name}`, changed));
  }
  life.addEventListener("abort", () => clearTimeout(quiet));
  el.append(root);
  watched.height();
  selected.renew();
  watched.shown();
  finding.start();
}

export default { render };
