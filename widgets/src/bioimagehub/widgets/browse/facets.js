// Facets: the values that what was found has, with how many there are of each; several of one may be chosen.
import { count, make } from "../page.js";
import { isolate, shorten } from "./list.js";

const CLOSED = new Set(["use", "access", "kind", "readable", "format"]);

/** Make the column of facets; `show(facets)` renews it, `focus()` goes into it. */
export function makeFacets({ finding, ask, failed }) {
  const column = make("div", { class: "bih-facets", role: "group", "aria-label": "Filters" });
  const sections = new Map();

  const isChosen = (facet, value) => (finding.state().filters[facet] ?? []).includes(value);

  function makeValue(facet, value) {
    const box = make("input", { type: "checkbox", onchange: () => finding.choose(facet, value, box.checked) });
    const number = make("span", { class: "bih-number" });
    const label = make("label", { class: "bih-value" }, box, isolate(shorten(value), { class: "bih-name" }), number);
    return { label, box, number };
  }

  function makeSection(facet, title) {
    const list = make("div", { class: "bih-values" });
    const field = make("input", { type: "search", hidden: true, placeholder: "Filter values", "aria-label": `Filter the values of ${title}` });
    const more = make("button", { type: "button", class: "bih-more", "aria-expanded": "false" }, "More…");
    const section = make("details", { open: !CLOSED.has(facet) }, make("summary", {}, title), field, list, more);
    const own = { section, list, field, more, values: new Map(), short: [], isLong: false, control: null };
    more.addEventListener("click", () => {
      own.isLong = !own.isLong;
      if (own.isLong) listAll(facet, own).then(() => field.focus());
      else fillValues(facet, own, own.short);
      dress(own);
    });
    field.addEventListener("input", () => listAll(facet, own));
    sections.set(facet, own);
    column.append(section);
    return own;
  }

  function dress(own) {
    own.field.hidden = !own.isLong;
    own.more.textContent = own.isLong ? "Fewer" : "More…";
    own.more.setAttribute("aria-expanded", String(own.isLong));
  }

  async function listAll(facet, own) {
    own.control?.abort();
    const control = (own.control = new AbortController());
    const asked = { ...finding.state(), facet, with: own.field.value };
    try {
      const { content } = await ask("values", asked, { signal: control.signal });
      if (!control.signal.aborted) fillValues(facet, own, content.values);
    } catch (error) {
      if (error.name !== "AbortError") failed(error);
    }
  }

  /** Renew the values in place: what has the focus keeps it. */
  function fillValues(facet, own, values) {
    const focused = own.list.getRootNode().activeElement;
    const here = values.map(([value, number]) => {
      if (!own.values.has(value)) own.values.set(value, makeValue(facet, value));
      const one = own.values.get(value);
      one.box.checked = isChosen(facet, value);
      one.number.textContent = count(number);
      one.label.classList.toggle("bih-zero", number === 0);
      return one.label;
    });
    const before = own.list.children;
    if (before.length !== here.length || here.some((label, place) => before[place] !== label)) own.list.replaceChildren(...here);
    for (const value of own.values.keys()) if (!values.some(([each]) => each === value)) own.values.delete(value);
    if (focused && focused !== document.activeElement && own.list.contains(focused)) focused.focus();
  }

  return {
    element: column,
    show(facets) {
      for (const { facet, title, values, more } of facets) {
        const own = sections.get(facet) ?? makeSection(facet, title);
        own.short = values;
        own.section.hidden = values.length === 0;
        if (own.isLong) listAll(facet, own);
        else fillValues(facet, own, values);
        own.more.hidden = !more && !own.isLong;
      }
    },
    focus() {
      const first = [...column.querySelectorAll("summary")].find((each) => each.offsetParent !== null);
      first?.focus();
    },
  };
}
