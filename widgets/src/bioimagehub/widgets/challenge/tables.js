// Tables that read well to a screen reader: a caption, headings of columns and rows, and words where there is a drawing.
import { make } from "../page.js";

/**
 * Make a table. `columns` are texts, or `{ title, number, sort, pressed }`: `sort` is called when the heading is pressed, and
 * `pressed` is "ascending" or "descending" where the rows are in its order. Rows are lists of cells, texts or elements; the cell
 * `head` (a number, 0 by default) names its row. `classes` gives the class of a row.
 */
export function makeTable({ caption, columns, rows, head = 0, classes = () => "" }) {
  const described = columns.map((column) => (typeof column === "string" ? { title: column } : column));
  const heading = described.map((column) => make("th", {
    scope: "col", class: column.number ? "bih-number" : "", "aria-sort": column.pressed,
  }, column.sort ? make("button", { type: "button", class: "bih-sort", onclick: column.sort },
    column.title, make("span", { "aria-hidden": "true" }, { ascending: " ▲", descending: " ▼" }[column.pressed] ?? "")) : column.title));
  const body = rows.map((cells, at) => make("tr", { class: classes(at) }, cells.map((cell, place) => make(
    place === head ? "th" : "td", { scope: place === head ? "row" : undefined, class: described[place].number ? "bih-number" : "" }, cell))));
  const table = make("table", {}, make("caption", {}, caption), make("thead", {}, make("tr", {}, heading)), make("tbody", {}, body));
  return make("div", { class: "bih-scroll", role: "region", "aria-label": caption, tabIndex: 0 }, table);
}

/**
 * Make a list that is loaded page by page. `load(offset)` gives a promise of `{ rows, total }`, `draw(rows)` an element; a button
 * asks for more as long as there are more.
 */
export function makePages({ load, draw, failed, what }) {
  const place = make("div", {});
  const more = make("button", { type: "button", hidden: true, onclick: () => next() });
  let all = [], run = 0;
  async function next(fresh = false) {
    const mine = (run += 1);
    try {
      const { rows, total } = await load(fresh ? 0 : all.length);
      if (mine !== run) return;
      all = fresh ? rows : [...all, ...rows];
      place.replaceChildren(draw(all, total));
      more.hidden = rows.length === 0 || all.length >= total;
      more.textContent = `More ${what} (${total - all.length})`;
    } catch (error) {
      failed(error);
    }
  }
  return {
    element: make("div", {}, place, more),
    begin: () => next(true),
    clear() {
      run += 1;
      all = [];
      place.replaceChildren();
      more.hidden = true;
    },
  };
}
