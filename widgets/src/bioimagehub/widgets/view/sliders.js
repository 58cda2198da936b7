// Time and depth: sliders, and playing.

import { make } from "../page.js";
import { coordinate, unitOf } from "./overlay.js";

const LATE_MS = 1500;
const LOOK_MS = 15;

/** Make the sliders of the axes that are longer than one. Gives `{ element, step(axis, by), show(), toggle() }`. */
export function makeSliders(screen, { say, life }) {
  const { scene, model } = screen;
  const axes = ["t", "z"].filter((axis) => scene.size[axis] > 1);
  const names = { t: "Time", z: "Depth" };
  const rows = {};
  const set = (axis, value) => {
    const last = scene.size[axis] - 1;
    const next = Math.min(Math.max(value, 0), last);
    if (next === model.get(axis)) return;
    model.set(axis, next);
    model.save_changes();
  };
  const tell = (axis) => {
    const at = model.get(axis), unit = unitOf(scene.units[axis]);
    const physical = unit && unit !== "px"
      ? ` · ${coordinate(scene.origin[axis] + at * scene.spacing[axis], scene.spacing[axis])} ${unit}` : "";
    return `${at + 1} / ${scene.size[axis]}${physical}`;
  };
  for (const axis of axes) {
    const input = make("input", {
      type: "range", min: 0, max: scene.size[axis] - 1, step: 1, "aria-label": names[axis],
      oninput: (event) => set(axis, Number(event.target.value)),
    });
    const number = make("output", { class: "bih-view-at" });
    rows[axis] = { input, number, element: make("div", { class: "bih-view-axis", "data-axis": axis }, make("span", { "aria-hidden": "true" }, axis), input, number) };
  }
  const play = axes.includes("t") && make("button", {
    type: "button", class: "bih-view-play", title: "Play (space)", onclick: () => toggle(),
  });
  const rate = axes.includes("t") && make("select", {
    "aria-label": "Frames a second", title: "Frames a second",
    onchange: (event) => { model.set("rate", Number(event.target.value)); model.save_changes(); },
  });
  if (play) rows.t.element.prepend(play);
  if (rate) rows.t.element.append(rate);

  function toggle() {
    if (!play) return;
    model.set("playing", !model.get("playing"));
    model.save_changes();
    say(model.get("playing") ? "Playing" : "Stopped");
  }

  function show() {
    for (const axis of axes) {
      rows[axis].input.value = model.get(axis);
      rows[axis].input.setAttribute("aria-valuetext", tell(axis));
      rows[axis].number.textContent = tell(axis);
      rows[axis].input.disabled = axis === "z" && screen.mode === "maximum";
    }
    if (!play) return;
    const playing = !!model.get("playing");
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", playing ? "Stop" : "Play");
    const now = model.get("rate") || 5;
    const rates = [...new Set([1, 2, 5, 10, 20, now])].sort((a, b) => a - b);
    rate.replaceChildren(...rates.map((each) => make("option", { value: each, selected: each === now }, `${each} /s`)));
  }

  let timer = 0, last = 0;
  // Each view of the model hears of every step: so two of them do not play twice as fast.
  const stepped = () => { last = performance.now(); show(); };
  const tick = () => {
    clearTimeout(timer);
    if (life.aborted || !play || !model.get("playing")) return;
    const waited = performance.now() - last;
    const due = 1000 / (model.get("rate") || 5);
    if (waited >= due && (screen.sharp || waited > LATE_MS)) set("t", (model.get("t") + 1) % scene.size.t);
    timer = setTimeout(tick, Math.max(LOOK_MS, due - (performance.now() - last)));
  };
  const events = { "change:t": stepped, "change:z": show, "change:mode": show, "change:rate": show, "change:playing": () => { show(); tick(); } };
  for (const [name, act] of Object.entries(events)) model.on(name, act);
  life.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const [name, act] of Object.entries(events)) model.off(name, act);
  });
  show();
  tick();
  return {
    element: make("div", { class: `bih-view-sliders${play ? " bih-view-plays" : ""}` }, axes.map((axis) => rows[axis].element)),
    show, toggle,
    step: (axis, by) => { if (axes.includes(axis)) { set(axis, model.get(axis) + by); say(`${names[axis]} ${tell(axis)}`); } },
  };
}
