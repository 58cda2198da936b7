// The list of what was drawn: name, size, go there, delete.

import { make } from "../page.js";
import { sizeOf } from "./shapes.js";

const MOST = 200;

/** Make the list. `go(shape)` moves the screen to a shape. Gives the element. */
export function makeShapesPanel(screen, drawing, { go }) {
  const { model, life, scene } = screen;
  const list = make("ul", { class: "bih-view-shapes", role: "list" });
  const more = make("p", { hidden: true });
  const element = make("div", { class: "bih-view-panel-part", hidden: true }, make("h3", {}, "Shapes"), list, more);

  function row(shape, index) {
    const title = shape.name || `${shape.kind} ${index + 1}`;
    return make("li", { "data-shape": shape.id },
      make("input", {
        type: "text", value: shape.name ?? "", placeholder: `${shape.kind} ${index + 1}`, maxLength: 200, dir: "auto",
        "aria-label": `Name of ${shape.kind} ${index + 1}`,
        onchange: (event) => drawing.save(drawing.shapes.map((each) => (each.id === shape.id ? { ...each, name: event.target.value } : each))),
      }),
      make("span", { class: "bih-view-size" }, sizeOf(shape, scene.units)),
      make("button", { type: "button", title: "Show it", "aria-label": `Show ${title}`, onclick: () => go(shape) }, "◎"),
      make("button", { type: "button", title: "Delete it", "aria-label": `Delete ${title}`, onclick: () => drawing.remove(shape.id) }, "×"));
  }

  function show() {
    const { shapes } = drawing;
    element.hidden = shapes.length === 0;
    const inside = list.contains(document.activeElement) ? document.activeElement.closest("li").dataset.shape : null;
    const place = inside && [...list.children].findIndex((each) => each.dataset.shape === inside);
    list.replaceChildren(...shapes.slice(0, MOST).map(row));
    more.hidden = shapes.length <= MOST;
    more.textContent = `and ${shapes.length - MOST} more: see shapes in Python`;
    // The focus stays in the list where its line is drawn anew, or is gone.
    if (inside) (list.children[Math.min(place, list.children.length - 1)]?.querySelector("input") ?? screen.main.element.parentElement).focus();
    mark();
  }

  function mark() {
    const chosen = drawing.chosen?.id;
    for (const each of list.children) each.toggleAttribute("data-chosen", each.dataset.shape === chosen);
  }

  const events = { "change:shapes": show, "change:selected": mark };
  for (const [name, act] of Object.entries(events)) model.on(name, act);
  life.addEventListener("abort", () => { for (const [name, act] of Object.entries(events)) model.off(name, act); });
  show();
  return element;
}
