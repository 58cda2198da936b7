// What hands and keys do, in place.

import { make } from "../page.js";

const PARTS = [
  ["Move", [
    ["drag, arrows", "move; with Shift further"],
    ["wheel, + −", "zoom at the pointer, or in the middle"],
    ["double click", "zoom in; with Shift out"],
    ["0", "show the whole image"],
    ["[  ]", "depth z; or Shift and the wheel"],
    [",  .", "time t; or Alt and the wheel"],
    ["w  f", "next well, next field of view; with Shift the one before"],
    ["space", "play and stop"],
  ]],
  ["Draw", [
    ["1 2 3 4 5", "move, point, line, box, polygon"],
    ["click, or arrows and Enter", "put a point"],
    ["double click, or c", "end a polygon"],
    ["Escape", "give up, and back to moving"],
    ["click a shape", "choose it; drag its corners"],
    ["n, then Alt and arrows", "next corner, and move it"],
    ["Delete", "delete the chosen shape"],
  ]],
  ["More", [
    ["l", "layers: show or hide the panel"],
    ["m", "next of slice, maximum and three planes"],
    ["s", "snapshot with scale bar and citation"],
    ["?", "this help"],
  ]],
];

/** Make the dialog. Gives `{ element, toggle() }`. */
export function makeHelp(life) {
  const element = make("dialog", { class: "bih-view-help", "aria-label": "Help of the viewer" },
    make("div", { class: "bih-view-help-parts" }, PARTS.map(([title, rows]) => make("div", {},
      make("h3", {}, title),
      make("dl", {}, rows.map(([keys, what]) => make("div", {}, make("dt", {}, keys), make("dd", {}, what))))))),
    make("p", {}, "The wheel scrolls the notebook until the image has the focus: click it, or hold Ctrl and turn the wheel."),
    make("button", { type: "button", class: "bih-main", onclick: () => element.close() }, "Close"));
  element.addEventListener("click", (event) => { if (event.target === element) element.close(); });
  life.addEventListener("abort", () => element.close());
  return { element, toggle: () => (element.open ? element.close() : element.showModal()) };
}
