// The data: entries with their licences, splits, and the cases of each.
import { make } from "../page.js";
import { makePages, makeTable } from "./tables.js";
import { text } from "./texts.js";

function drawEntries(entries) {
  if (!entries.length) return make("p", {}, "The challenge names no entries of the catalog.");
  return makeTable({
    caption: "Where the images come from",
    columns: ["Entry", "Title", "Licence", "Cite"],
    rows: entries.map((one) => [
      one.url ? make("a", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, text(one.id)) : text(one.id || "simulator"),
      text(one.title), one.licence ? text(one.licence) : "none stated", text(one.citation ?? ""),
    ]),
  });
}

/** Make the tab. */
export function makeData(page) {
  const entries = make("div", {}, make("p", {}, "Looking the entries up …"));
  const split = make("select", { "aria-label": "Split", onchange: () => pages.begin() });
  const what = make("p", {});
  const pages = makePages({
    what: "cases", failed: page.failed,
    load: async (offset) => (await page.ask("cases", { split: split.value, offset })).content,
    draw: (rows, total, strata = rows.some((one) => one.strata)) => (total ? makeTable({
      caption: `Cases of the split ${split.value}`,
      columns: ["Case", "Entry", "Part", ...(strata ? ["Strata"] : [])],
      rows: rows.map((one) => [one.id, text(one.entry), text(one.part), ...(strata ? [text(one.strata)] : [])]),
    }) : make("p", {}, "The cases are in the challenge file, which is not here.")),
  });
  page.on(["about"], () => {
    const { splits } = page.get("about");
    const chosen = split.value;
    split.replaceChildren(...splits.map((one) => make("option", { value: one.name }, `${one.title} (${one.cases})`)));
    if (splits.some((one) => one.name === chosen)) split.value = chosen;
    const hidden = splits.filter((one) => one.hidden).map((one) => one.title);
    what.textContent = hidden.length ? `The truth of ${hidden.join(", ")} is hidden: only the hub has it.` : "The truth of all splits is public.";
  });
  let begun = false;
  return {
    element: make("div", {}, entries, make("h3", {}, "Splits"), what, make("label", {}, "Split ", split), pages.element),
    async show() {
      if (begun) return;
      begun = true;
      pages.begin();
      try {
        const { content } = await page.ask("entries");
        entries.replaceChildren(drawEntries(content.entries));
      } catch (error) {
        begun = false;
        entries.replaceChildren();
        page.failed(error);
      }
    },
  };
}
