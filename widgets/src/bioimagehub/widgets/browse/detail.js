// What is known of one record: what it is, how large, what one may do with it, how to cite it.
import { bytes, count, make } from "../page.js";
import { isolate } from "./list.js";
import { drawNeutral } from "./pictures.js";

const REST_MS = 80;

function link(url, text) {
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, isolate(text));
}

function row(title, ...content) {
  return content.length ? [make("dt", {}, title), make("dd", {}, ...content)] : [];
}

/** Tell the axes as a table: samples, distance between them, and extent. */
function makeAxes(axes) {
  const head = ["axis", "samples", "spacing", "extent"].map((name) => make("th", { scope: "col" }, name));
  const lines = axes.map(([axis, samples, step, unit]) => make("tr", {},
    make("th", { scope: "row" }, axis),
    make("td", {}, count(samples)),
    make("td", {}, step === null ? "–" : `${Number(step.toPrecision(4))} ${unit}`),
    make("td", {}, step === null ? "–" : `${Number((step * samples).toPrecision(4))} ${unit}`)));
  return make("table", {}, make("thead", {}, make("tr", {}, head)), make("tbody", {}, lines));
}

function tellSizes(told) {
  const parts = [];
  if (told.size !== null) parts.push(`${bytes(told.size)} stored`);
  if (told.memory) parts.push(`${bytes(told.memory)} in memory`);
  if (told.files !== null) parts.push(`${count(told.files)} file${told.files === 1 ? "" : "s"}`);
  if (told.images !== null) parts.push(`${count(told.images)} image${told.images === 1 ? "" : "s"}`);
  return parts.join(", ") || "not stated";
}

function makeLicence({ name, url, told }) {
  const shown = name === null ? make("strong", {}, "none stated") : url ? link(url, name) : isolate(name);
  return [shown, make("ul", {}, told.map((sentence) => make("li", {}, sentence)))];
}

/**
 * Make the panel of details. `act(what, identifier)` is called for what is clicked: open, download, cite, lock, write.
 * `show(identifier)` asks for them, newest wins.
 */
export function makeDetail({ model, finding, ask, act, failed, life }) {
  const box = make("section", { class: "bih-detail", hidden: true, tabIndex: -1, "aria-label": "Details" });
  let control = null;
  let timer = 0;

  const button = (what, text, told, key, properties = {}) => make("button", {
    type: "button", onclick: () => act(what, told.id), title: `${text} (${key})`, "aria-keyshortcuts": key, ...properties,
  }, text);

  function makeBar(told) {
    return make("div", { class: "bih-bar" },
      button("open", "View", told, "o", told.opens ? { class: "bih-main" } : { disabled: true, title: "No driver opens this record here" }),
      button("download", "Download", told, "d"),
      button("cite", "Cite", told, "c"),
      button("write", "Copy code", told, "y"),
      button("lock", "Add to lock", told, "l"));
  }

  function makeFamily(told) {
    if (told.parts) {
      return [`study with ${count(told.parts)} records. `, make("button", {
        type: "button", onclick: () => finding.change({ text: "", filters: { part_of: [told.id] } }),
      }, "Show them")];
    }
    if (!told.part_of) return [told.kind];
    return [`${told.kind} of `, make("button", {
      type: "button", onclick: () => { model.set("shown", told.part_of); model.save_changes(); },
    }, isolate(told.part_of))];
  }
  const makeTerms = (facet, values) => values.map((value) => make("button", {
    type: "button", class: "bih-term", title: "Search for this", onclick: () => finding.choose(facet, value, true),
  }, isolate(value)));

  function fill(told) {
    const picture = make("div", { class: "bih-large" }, drawNeutral());
    const close = make("button", { type: "button", class: "bih-close", "aria-label": "Close the details", onclick: () => act("hide") }, "×");
    box.replaceChildren(
      close,
      make("h3", { dir: "auto" }, told.title),
      make("p", { class: "bih-id" }, isolate(told.id)),
      makeBar(told),
      picture,
      make("dl", {},
        ...row("Licence", ...makeLicence(told.licence)),
        ...(told.access ? row("Access", isolate(told.access)) : []),
        ...row("How big", tellSizes(told)),
        ...(told.axes.length ? row("Axes", makeAxes(told.axes), told.dtype ? make("span", {}, `of ${told.dtype}`) : "") : []),
        ...(told.channels.length ? row("Channels", isolate(told.channels.join(", "))) : []),
        ...(told.labels.length ? row("Labels", isolate(told.labels.join(", "))) : []),
        ...row("Source", told.page ? link(told.page, told.source) : isolate(told.source)),
        ...row("Kind", ...makeFamily(told)),
        ...told.terms.flatMap(([facet, title, values]) => row(title, ...makeTerms(facet, values))),
        ...(told.authors ? row("Authors", isolate(told.authors)) : []),
        ...(told.released ? row("Released", told.released) : []),
        ...row("Citation", isolate(told.citation, { class: "bih-citation" })),
        ...row("Python", make("code", {}, told.code))),
      told.description ? make("p", { dir: "auto" }, told.description) : "",
    );
    if (told.picture) showPicture(told.id, picture);
  }

  async function showPicture(identifier, place) {
    try {
      const { buffers } = await ask("pictures", { identifiers: [identifier], large: true });
      if (!buffers.length || !place.isConnected) return;
      const url = URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" }));
      const image = make("img", { src: url, alt: "Small picture of the record", onload: () => URL.revokeObjectURL(url) });
      place.replaceChildren(image);
    } catch {
      // The drawing stays.
    }
  }

  async function fetch(identifier) {
    const own = (control = new AbortController());
    try {
      const { content } = await ask("detail", { identifier }, { signal: own.signal });
      if (!own.signal.aborted && model.get("shown") === identifier) fill(content);
    } catch (error) {
      if (error.name !== "AbortError") failed(error);
    }
  }

  life.addEventListener("abort", () => {
    clearTimeout(timer);
    control?.abort();
  });
  return {
    element: box,
    /** Ask for the details of a record, once the keys come to rest on it; none for null. */
    show(identifier) {
      clearTimeout(timer);
      control?.abort();
      box.hidden = !identifier;
      if (identifier) timer = setTimeout(() => fetch(identifier), REST_MS);
      else box.replaceChildren();
    },
  };
}
