// Wells and fields of view: which of them is shown, by lists and by keys.

import { make } from "../page.js";

const NAMES = { well: "Well", field: "Field of view" };
const KEYS = { well: "w", field: "f" };

/** Make the lists of wells and fields, where there are any. Gives `{ elements, step(axis, by) }`. */
export function makePlaces(scene, model, { say, life }) {
  const known = { well: scene.wells?.present ?? [], field: scene.fields ?? [] };
  const save = (axis, name) => { model.set(axis, name); model.save_changes(); };
  const lists = {};
  for (const [axis, names] of Object.entries(known)) {
    if (names.length < 2) continue;
    lists[axis] = make("select", {
      class: `bih-view-choose-${axis}`, "aria-label": NAMES[axis], title: `${NAMES[axis]} (${KEYS[axis]})`,
      onchange: (event) => save(axis, event.target.value),
    }, names.map((name) => make("option", { value: name }, axis === "field" ? `Field ${name}` : name)));
  }
  const show = () => {
    for (const [axis, list] of Object.entries(lists)) list.value = model.get(axis) ?? known[axis][0];
  };
  const events = Object.keys(lists).map((axis) => `change:${axis}`);
  for (const event of events) model.on(event, show);
  life.addEventListener("abort", () => { for (const event of events) model.off(event, show); });
  show();
  return {
    elements: Object.values(lists),
    /** Show the next, or the one before; after the last comes the first. */
    step(axis, by) {
      const names = known[axis];
      if (!(axis in lists)) return;
      const next = names[(names.indexOf(model.get(axis) ?? names[0]) + by + names.length) % names.length];
      save(axis, next);
      say(`${NAMES[axis]} ${next}`);
    },
  };
}
