// The buttons above the image. They show what the traits say, and change them.

import { make } from "../page.js";

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  pan: "M8 1v14M1 8h14M8 1 6 3M8 1l2 2M8 15l-2-2M8 15l2-2M1 8l2-2M1 8l2 2M15 8l-2-2M15 8l-2 2",
  point: "M8 8m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0M8 1v3M8 12v3M1 8h3M12 8h3",
  line: "M3 13 13 3M2 12h2v2H2zM12 2h2v2h-2z",
  box: "M2 3h12v10H2z",
  polygon: "M8 2l6 5-3 7H5L2 7z",
  out: "M2.5 8h11",
  in: "M2.5 8h11M8 2.5v11",
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  snapshot: "M2 5h3l1-2h4l1 2h3v8H2zM8 9m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
  layers: "M8 2l6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3",
  help: "M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M8 12.6v.2",
  plate: "M2 2h3v3H2zM6.5 2h3v3h-3zM11 2h3v3h-3zM2 6.5h3v3H2zM6.5 6.5h3v3h-3zM11 6.5h3v3h-3zM2 11h3v3H2zM6.5 11h3v3h-3zM11 11h3v3h-3z",
};
const TOOLS = { pan: "Move", point: "Point", line: "Line", box: "Box", polygon: "Polygon" };
const MODES = { slice: "Slice", maximum: "Maximum", orthogonal: "Three planes" };

function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  picture.setAttribute("viewBox", "0 0 16 16");
  picture.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

/** Make a button with a picture and a name. */
export function makeButton(name, label, act, properties = {}) {
  return make("button", { type: "button", class: "bih-view-button", "aria-label": label, title: label, onclick: act, ...properties }, icon(name));
}

/** Make the bar. `acts` has `in`, `out`, `fit`, `snapshot`, `layers`, `help`, `plate`. Gives `{ element, layersButton }`. */
export function makeToolbar(screen, acts, places) {
  const { scene, model, life } = screen;
  const save = (name, value) => { model.set(name, value); model.save_changes(); };
  const tools = Object.entries(TOOLS).map(([name, label], index) =>
    makeButton(name, `${label} (${index + 1})`, () => save("tool", name), { "data-tool": name, "aria-pressed": "false" }));
  const mode = scene.size.z > 1 && make("select", { "aria-label": "What is shown of the depth", title: "What is shown of the depth (m)", onchange: (event) => save("mode", event.target.value) },
    Object.entries(MODES).map(([value, text]) => make("option", { value }, text)));
  const layers = makeButton("layers", "Layers (l)", acts.layers, { "aria-pressed": "true", class: "bih-view-button bih-view-work-only" });
  const title = make("h2", { class: "bih-view-title", title: scene.title, dir: "auto" }, make("bdi", {}, scene.title || "Image"));
  const group = (label, ...children) => make("div", { class: `bih-view-group${label === "More" ? "" : " bih-view-work-only"}`, role: "group", "aria-label": label }, children.flat());
  const element = make("div", { class: "bih-view-toolbar" },
    scene.wells && makeButton("plate", "All wells of the plate", acts.plate),
    title, places,
    group("Tools", tools),
    group("Zoom", makeButton("out", "Zoom out (-)", acts.out), makeButton("in", "Zoom in (+)", acts.in), makeButton("fit", "Show the whole image (0)", acts.fit)),
    mode,
    group("More", makeButton("snapshot", "Snapshot (s)", acts.snapshot, { class: "bih-view-button bih-view-work-only" }), layers, makeButton("help", "Help (?)", acts.help)));
  const words = title.firstChild;
  function show() {
    const field = scene.fields?.length > 0 && (!scene.wells || model.get("well")) && `field ${model.get("field") ?? scene.fields[0]}`;
    words.textContent = [scene.title || "Image", scene.wells && model.get("well"), field].filter(Boolean).join(" · ");
    // The grid of all wells is no image: what changes an image has nothing to do there.
    element.classList.toggle("bih-view-all", Boolean(scene.wells) && !model.get("well"));
    const tool = model.get("tool");
    for (const button of tools) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    if (mode) mode.value = screen.mode;
  }
  const events = ["change:tool", "change:mode", "change:well", "change:field"];
  for (const name of events) model.on(name, show);
  life.addEventListener("abort", () => { for (const name of events) model.off(name, show); });
  show();
  return { element, layersButton: layers };
}
