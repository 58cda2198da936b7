// One scene on the page: its panes, panels and sliders, joined to the traits of the model.

import { make } from "../page.js";
import { Annotations } from "./annotations.js";
import { Drawing } from "./drawing.js";
import { fit, listenToKeys, listenToPointer, zoomBy } from "./gestures.js";
import { makeHelp } from "./help.js";
import { makeLayersPanel } from "./layers-panel.js";
import { makePanes } from "./orthogonal.js";
import { coordinate, drawScaleBar, unitOf } from "./overlay.js";
import { makePlaces } from "./places.js";
import { makePlate } from "./plate.js";
import { Screen } from "./screen.js";
import { makeShapesPanel } from "./shapes-panel.js";
import { makeSliders } from "./sliders.js";
import { sendSnapshot, takeSnapshot } from "./snapshot.js";
import { makeStatus } from "./status.js";
import { makeSwipe } from "./swipe.js";
import { makeToolbar } from "./toolbar.js";

const TOOLS = ["pan", "point", "line", "box", "polygon"];
const MODES = ["slice", "maximum", "orthogonal"];
const SAVE_MS = 100;
const HINT_MS = 1600;
const STEP = 1.25;

/** Make the elements of a scene. Gives `{ elements, told(message) }`. */
export function makeStage({ scene, model, ask, life, onProblem, say }) {
  const screen = new Screen({ scene, model, ask, life, onProblem });
  const timers = { looks: 0, hint: 0 };
  const set = (name, value) => { model.set(name, value); model.save_changes(); };

  const { panes, corner, arrange } = makePanes(screen);
  const label = make("p", { class: "bih-spoken", id: `bih-${Math.random().toString(36).slice(2)}` });
  const hint = make("div", { class: "bih-view-hint", hidden: true }, "Click the image, or hold Ctrl, to zoom with the wheel");
  const stage = make("div", {
    class: "bih-view-stage", tabIndex: 0, role: "application", "aria-roledescription": "image", "aria-label": "Image: arrows move, plus and minus zoom, question mark for help",
    "aria-describedby": label.id, "aria-busy": "true",
  }, panes.map(({ element }) => element), corner, makeSwipe(screen), hint);
  stage.style.height = `${model.get("height") || 480}px`;

  const drawing = new Drawing(screen, { say });
  const annotations = new Annotations(screen, onProblem);
  const status = makeStatus(screen);
  const sliders = makeSliders(screen, { say, life });
  const help = makeHelp(life);
  const layers = makeLayersPanel(screen, {
    say, setLook, histogram: async (layer) => (await ask("histogram", { layer: layer.id, t: model.get("t"), z: model.get("z"), well: model.get("well"), field: model.get("field") }, { signal: life })).content,
  });
  const side = make("div", { class: "bih-view-side-panel", role: "group", "aria-label": "Layers and shapes" },
    make("div", { class: "bih-view-side-scroll" }, layers.element, makeShapesPanel(screen, drawing, { go }), makeNotes(scene)));
  const saved = make("div", { class: "bih-view-saved", hidden: true });
  const places = makePlaces(scene, model, { say, life });
  const plate = scene.wells && makePlate(scene, model, { ask, life, onProblem, open: (name) => set("well", name), step: places.step });
  const toolbar = makeToolbar(screen, {
    in: () => zoomBy(screen, STEP), out: () => zoomBy(screen, 1 / STEP), fit: () => fit(screen), snapshot: () => snapshot(),
    layers: toggleLayers, help: help.toggle, plate: () => set("well", null),
  }, places.elements);
  annotations.onFewer = status.tellFewer;
  drawing.onCross = (here) => status.hover(here, screen.main);

  function setLook(id, part) {
    const looks = screen.looks;
    model.set("looks", { ...looks, [id]: { ...looks[id], ...part } });
    clearTimeout(timers.looks);
    timers.looks = setTimeout(() => model.save_changes(), SAVE_MS);
  }

  function toggleLayers() {
    side.hidden = !side.hidden;
    toolbar.layersButton.setAttribute("aria-pressed", String(!side.hidden));
  }

  function go(shape) {
    const { camera } = screen;
    const middle = (index) => shape.points.reduce((sum, point) => sum + point[index], 0) / shape.points.length;
    camera.x = camera.sample("x", middle(1));
    camera.y = camera.sample("y", middle(0));
    for (const axis of ["t", "z"]) if (shape[axis] !== undefined && shape[axis] !== null) model.set(axis, shape[axis]);
    model.save_changes();
    drawing.choose(shape.id);
    screen.moved();
  }

  async function snapshot(key = Math.random().toString(36).slice(2)) {
    try {
      screen.draw();
      const picture = await takeSnapshot(screen, stage);
      const path = await sendSnapshot(ask, picture, key, life);
      const url = URL.createObjectURL(picture.png);
      life.addEventListener("abort", () => URL.revokeObjectURL(url));
      const close = () => { URL.revokeObjectURL(url); saved.hidden = true; saved.replaceChildren(); stage.focus(); };
      saved.replaceChildren(
        make("span", {}, path ? "Snapshot saved as " : "Snapshot taken. ", path && make("code", {}, path), " "),
        make("a", { href: url, download: `${String(scene.title).replace(/[^\w.-]+/g, "-").slice(0, 60) || "image"}.png` }, "Download"),
        make("button", { type: "button", class: "bih-close", "aria-label": "Close", onclick: close }, "×"));
      saved.hidden = false;
      say(path ? `Snapshot saved as ${path}` : "Snapshot taken");
    } catch (error) {
      onProblem(error);
    }
  }

  function hover(here, pane) {
    screen.pointer = pane === screen.main ? here : null;
    status.hover(here, pane);
  }

  async function click(here, pane) {
    if (screen.mode === "orthogonal" && drawing.kind === null) {
      const window = pane.window(screen.camera);
      const [h, v] = window.from(...here);
      screen.camera[window.right] = h;
      screen.camera[window.down] = v;
      return screen.moved();
    }
    if (drawing.click(here)) return;
    const point = annotations.near(...here, pane.window(screen.camera));
    set("selected", point ?? await labelAt(here, pane));
  }

  /** Find the label under a click, in the topmost visible label image. */
  async function labelAt(here, pane) {
    const candidates = scene.layers.filter(({ id, kind }) => kind === "labels" && screen.looks[id]?.visible).reverse();
    const [x, y] = pane.window(screen.camera).from(...here).map((value) => Math.floor(value + 0.5));
    if (candidates.length === 0 || x < 0 || y < 0 || x >= scene.size.x || y >= scene.size.y) return null;
    const { t, z, mode, well, field } = screen.at;
    const { content } = await ask("value", { t, z, y, x, mode, well, field }, { signal: life }).catch(() => ({ content: {} }));
    for (const { id, name } of candidates) {
      const number = Number(content.values?.[id] ?? 0);
      if (!number) continue;
      say(`${name} ${number}`);
      return { kind: "label", layer: id, number };
    }
    return null;
  }

  function describe() {
    const { camera, main } = screen;
    if (!main.shown) return;
    const { box } = main.window(camera);
    const unit = unitOf(scene.units.x);
    const span = (axis) => box[axis].map((value) => coordinate(camera.physical(axis, value), scene.spacing[axis] / camera.scale(axis))).join(" to ");
    const shown = scene.layers.filter(({ id }) => screen.looks[id]?.visible).map(({ name }) => name.slice(0, 40));
    const { t, z, mode, well, field } = screen.at;
    const text = [
      String(scene.title || "Image").slice(0, 200), `x ${span("x")}, y ${span("y")} ${unit}`, `zoom ${Math.round(camera.zoom * 1000) / 10} %`,
      well && `well ${well}`, scene.fields?.length > 0 && `field ${field ?? scene.fields[0]}`,
      scene.size.t > 1 && `time ${t + 1} of ${scene.size.t}`,
      scene.size.z > 1 && (mode === "maximum" ? "maximum over depth" : `depth ${z + 1} of ${scene.size.z}`),
      `layers ${shown.join(", ") || "none"}`,
    ].filter(Boolean).join("; ");
    main.canvas.setAttribute("aria-label", text);
    label.textContent = text;
  }
  screen.still.push(describe);
  screen.above.push((context, pane) => {
    if (pane === screen.main) drawScaleBar(context, pane, scene.spacing.x / screen.camera.zoom, scene.units.x);
  });

  for (const pane of panes) {
    listenToPointer(pane, screen, {
      life, tool: drawing, click, hover, index: sliders.step,
      hint: () => {
        hint.hidden = false;
        clearTimeout(timers.hint);
        timers.hint = setTimeout(() => { hint.hidden = true; }, HINT_MS);
      },
    });
  }
  const acts = {
    "[": () => sliders.step("z", -1), "]": () => sliders.step("z", 1), ",": () => sliders.step("t", -1), ".": () => sliders.step("t", 1),
    PageUp: () => sliders.step("z", 1), PageDown: () => sliders.step("z", -1), " ": sliders.toggle, "?": help.toggle, l: toggleLayers, s: () => snapshot(),
    w: () => places.step("well", 1), W: () => places.step("well", -1), f: () => places.step("field", 1), F: () => places.step("field", -1),
    m: () => { if (scene.size.z > 1) set("mode", MODES[(MODES.indexOf(screen.mode) + 1) % MODES.length]); },
    ...Object.fromEntries(TOOLS.map((tool, index) => [String(index + 1), () => { set("tool", tool); say(tool === "pan" ? "Move" : tool); }])),
  };
  listenToKeys(stage, screen, { life, tool: drawing, acts });

  const place = () => screen.readTraits();
  const index = () => {
    if (!screen.saving) screen.camera.z = model.get("z");
    screen.changed();
    annotations.refresh();
    layers.renew();
    describe();
  };
  const looks = () => { layers.show(); screen.changed(); annotations.refresh(); };
  const mode = () => { arrange(stage); screen.measure(); screen.camera.z = model.get("z"); screen.changed(); annotations.refresh(); };
  const height = () => { stage.style.height = `${model.get("height") || 480}px`; };
  const tool = () => { stage.dataset.tool = model.get("tool"); };
  const events = {
    "change:x": place, "change:y": place, "change:zoom": place, "change:t": index, "change:z": index, "change:looks": looks,
    "change:mode": mode, "change:height": height, "change:tool": tool, "change:well": () => { showPlate(); index(); }, "change:field": () => { plate?.renew(); index(); },
  };
  for (const [name, act] of Object.entries(events)) model.on(name, act);

  const work = make("div", { class: "bih-view-work" }, make("div", { class: "bih-view-middle" }, stage, sliders.element, status.element), side);
  function showPlate() {
    if (!plate) return;
    const all = !model.get("well");
    // What is hidden loses the focus: what comes in its place takes it.
    const focused = [plate.element, work, toolbar.element].find((each) => each.matches(":focus-within"));
    work.hidden = all;
    plate.element.hidden = !all;
    plate.show();
    if (all && focused && focused !== plate.element) plate.focus();
    if (!all && focused === plate.element) stage.focus({ preventScroll: true });
  }

  const resized = new ResizeObserver(() => {
    screen.measure();
    if (!screen.main.shown) return;
    if (screen.missed) screen.readTraits();
    annotations.refresh();
    describe();
    // A changed canvas is empty until it is drawn.
    screen.draw();
  });
  for (const pane of panes) resized.observe(pane.element);
  life.addEventListener("abort", () => {
    resized.disconnect();
    for (const timer of Object.values(timers)) clearTimeout(timer);
    for (const [name, act] of Object.entries(events)) model.off(name, act);
  });
  watchRatio(screen, life);
  arrange(stage);
  tool();
  showPlate();

  const told = (message) => {
    if (message.event === "snapshot") snapshot(message.key);
    if (message.event !== "changed") return;
    screen.forget(message.layers ?? null);
    annotations.forget(message.layers ?? null);
    plate?.renew();
    layers.renew();
  };
  return { elements: [toolbar.element, saved, plate?.element, work, label, help.element].filter(Boolean), told };
}

/** Say what the kernel has to say of the image. */
function makeNotes({ notes }) {
  return notes?.length > 0 && make("ul", { class: "bih-view-notes", "aria-label": "Notes" }, notes.map((text) => make("li", { dir: "auto" }, String(text).slice(0, 400))));
}

/** Hear when the page goes to a screen with other pixels, or is zoomed. */
function watchRatio(screen, life) {
  const query = matchMedia(`(resolution: ${globalThis.devicePixelRatio}dppx)`);
  query.addEventListener("change", () => {
    if (life.aborted) return;
    screen.measure();
    watchRatio(screen, life);
  }, { once: true, signal: life });
}
