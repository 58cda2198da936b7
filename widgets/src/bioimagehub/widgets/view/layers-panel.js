// The list of layers: what is shown of each, in which colour and contrast.

import { make } from "../page.js";
import { makeHistogram } from "./histogram.js";

const OPEN = 4;
const WAIT_MS = 250;
const CURVES = ["channel", "rgb"];
const FILL = 0.6;

/** Make the panel. `setLook(id, part)` changes a look; `histogram(layer)` is a promise of its histogram. */
export function makeLayersPanel(screen, { setLook, histogram, say }) {
  const { scene, life } = screen;
  const rows = scene.layers.map((layer, index) => makeRow(layer, index));
  const list = make("ul", { class: "bih-view-layers", role: "list" }, rows.map(({ element }) => element));
  let timer = 0;

  function makeRow(layer, index) {
    const look = () => screen.looks[layer.id] ?? {};
    const change = (part) => setLook(layer.id, part);
    const visible = make("input", {
      type: "checkbox", "aria-label": `Show ${layer.name}`, title: "Show or hide",
      onchange: (event) => { change({ visible: event.target.checked }); say(`${layer.name} ${event.target.checked ? "shown" : "hidden"}`); },
    });
    const colour = layer.kind !== "rgb" && make("input", {
      type: "color", "aria-label": `Colour of ${layer.name}`, title: "Colour", oninput: (event) => change({ colour: event.target.value }),
    });
    const body = make("div", { class: "bih-view-look", id: `bih-${Math.random().toString(36).slice(2)}` });
    const opener = make("button", {
      type: "button", class: "bih-view-name", "aria-controls": body.id, title: layer.name, dir: "auto",
      onclick: () => open(body.hidden),
    }, make("bdi", {}, layer.name));
    const parts = makeBody(layer, body, look, change);
    const open = (wide) => {
      body.hidden = !wide;
      opener.setAttribute("aria-expanded", String(wide));
      if (wide) parts.refresh();
    };
    const element = make("li", { class: `bih-view-layer bih-view-${layer.kind}` },
      make("div", { class: "bih-view-head" }, visible, colour, opener), body);
    const show = () => {
      const now = look();
      visible.checked = now.visible !== false;
      if (colour) {
        colour.value = now.colour ?? "#ffffff";
        colour.classList.toggle("bih-view-many", !now.colour);
      }
      parts.show(now);
    };
    open(index < OPEN && (CURVES.includes(layer.kind) || scene.layers.length <= OPEN));
    return { element, show, renew: () => parts.refresh(true, !body.hidden) };
  }

  function makeBody(layer, body, look, change) {
    const controls = [];
    let stale = true, curve = null, percentiles = null;
    const refresh = async () => {
      if (!curve || !stale) return;
      stale = false;
      const found = await histogram(layer).catch(() => null);
      if (found === null || life.aborted) return;
      percentiles = found.percentiles;
      curve.counts(found);
    };
    if (CURVES.includes(layer.kind)) {
      curve = makeHistogram(layer, change);
      const auto = make("button", {
        type: "button", title: "Contrast from the values: all but the darkest and the brightest of a thousand",
        "aria-label": `Automatic contrast of ${layer.name}`,
        onclick: async () => {
          stale = true;
          await refresh();
          if (!percentiles) return;
          change({ low: percentiles["0.1"], high: percentiles["99.9"] });
          say(`Contrast of ${layer.name} is automatic`);
        },
      }, "Auto");
      const all = make("button", {
        type: "button", title: "Contrast over all values", "aria-label": `Whole range for ${layer.name}`,
        onclick: () => change({ low: layer.range[0], high: layer.range[1] }),
      }, "Full");
      curve.element.querySelector(".bih-view-ends").children[0].after(auto, all);
      body.append(curve.element);
      controls.push(slide("Gamma", "gamma", 0.2, 3, 0.05, 1));
    }
    controls.push(slide("Opacity", "opacity", 0, 1, 0.01, 1));
    if (layer.kind === "points" || layer.kind === "tracks") controls.push(slide("Size", "size", 2, 30, 1, 8));
    if (layer.kind === "labels") {
      controls.push(tick("Outline only", "outline", (now) => !!now, (checked) => checked, (checked) => {
        // A fill lets the image shine through, an outline would be lost on it; what somebody chose stays.
        const { opacity } = screen.looks[layer.id];
        return opacity === (checked ? FILL : 1) ? { opacity: checked ? 1 : FILL } : {};
      }));
    }
    if (layer.kind === "channel" && scene.layers.length > 1) {
      controls.push(tick("Add to those below", "blend", (now) => now !== "over", (checked) => (checked ? "add" : "over")));
    }
    if (["labels", "points", "tracks"].includes(layer.kind)) {
      controls.push(tick("A colour for each", "colour", (now) => !now, (checked) => (checked ? null : "#e69f00")));
    }
    const rest = make("div", { class: "bih-view-controls" }, controls.map(({ element }) => element));
    // The contrast is what is changed most; the rest of channels waits behind a line.
    body.append(curve ? make("details", { class: "bih-view-rest" }, make("summary", {}, "More", make("span", { class: "bih-spoken" }, ` of ${layer.name}`)), rest) : rest);

    function slide(label, name, min, max, step, usual) {
      const number = make("output", {});
      const input = make("input", {
        type: "range", min, max, step, "aria-label": `${label} of ${layer.name}`,
        oninput: (event) => change({ [name]: Number(event.target.value) }),
        ondblclick: () => change({ [name]: usual }),
      });
      return {
        element: make("label", { class: "bih-view-slide" }, make("span", {}, label), input, number),
        show: (now) => {
          input.value = now[name] ?? usual;
          number.textContent = name === "opacity" ? `${Math.round(input.value * 100)} %` : String(Number(input.value));
        },
      };
    }

    function tick(label, name, read, write, more = () => ({})) {
      const input = make("input", {
        type: "checkbox", onchange: ({ target: { checked } }) => change({ [name]: write(checked), ...more(checked) }),
      });
      return {
        element: make("label", { class: "bih-view-tick" }, input, label, make("span", { class: "bih-spoken" }, ` of ${layer.name}`)),
        show: (now) => { input.checked = read(now[name]); },
      };
    }
    return {
      show: (now) => { curve?.show({ low: 0, high: 1, gamma: 1, ...now }); for (const each of controls) each.show(now); },
      refresh: (again = false, now = true) => { stale ||= again; return now ? refresh() : null; },
    };
  }

  const show = () => rows.forEach((row) => row.show());
  const renew = () => {
    clearTimeout(timer);
    timer = setTimeout(() => rows.forEach((row) => row.renew()), WAIT_MS);
  };
  life.addEventListener("abort", () => clearTimeout(timer));
  show();
  return { element: make("div", { class: "bih-view-panel-part" }, make("h3", {}, "Layers"), list), show, renew };
}
