// The histogram of a layer with the two ends of its contrast: two sliders on one picture.

import { make } from "../page.js";
import { plain } from "./overlay.js";

const SVG = "http://www.w3.org/2000/svg";
const STEPS = 1000;
const HIGH = 44;

function draw(tag, properties) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  return element;
}

/**
 * Make the contrast control of a layer. `change({ low, high })` hears of the hands on it.
 * Gives `{ element, show(look), counts(content) }`.
 */
export function makeHistogram(layer, change) {
  const area = draw("path", { class: "bih-view-counts" });
  const ramp = draw("path", { class: "bih-view-ramp", fill: "none" });
  const picture = draw("svg", { viewBox: `0 0 ${STEPS} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.append(area, ramp);
  let [from, to] = layer.range ?? [0, 1];
  let look = { low: from, high: to, gamma: 1 };
  const name = layer.name;
  const slider = (label, side) => make("input", {
    type: "range", min: 0, max: STEPS, step: 1, class: `bih-view-end bih-view-${side}`, "aria-label": `${label} of ${name}`,
    oninput: (event) => set(side, from + (Number(event.target.value) / STEPS) * (to - from)),
  });
  const field = (label, side) => make("input", {
    type: "number", step: "any", class: "bih-view-number", "aria-label": `${label} of ${name}, as a number`,
    onchange: (event) => event.target.value !== "" && set(side, Number(event.target.value)),
  });
  const low = slider("Darkest value", "low"), high = slider("Brightest value", "high");
  const lowField = field("Darkest value", "low"), highField = field("Brightest value", "high");

  function set(side, value) {
    const next = { low: look.low, high: look.high, [side]: layer.integer ? Math.round(value) : value };
    if (next.low > next.high) next[side === "low" ? "high" : "low"] = next[side];
    change(next);
  }

  function show(next) {
    look = next;
    // Values beyond the known range stretch it: a slider cannot show what is outside.
    from = Math.min(from, look.low);
    to = Math.max(to, look.high);
    const wide = to - from || 1;
    const at = (value) => Math.round(((value - from) / wide) * STEPS);
    for (const [input, number, value] of [[low, lowField, look.low], [high, highField, look.high]]) {
      input.value = at(value);
      input.setAttribute("aria-valuetext", plain(value, 5));
      if (document.activeElement !== number) number.value = plain(value, 5);
    }
    const [left, right] = [at(look.low), at(look.high)];
    const curve = Array.from({ length: 17 }, (_, index) => index / 16)
      .map((share) => `${left + share * (right - left)},${HIGH - (share ** (look.gamma || 1)) * HIGH}`);
    ramp.setAttribute("d", `M${left},${HIGH}L${curve.join("L")}`);
  }

  function counts({ counts: bins, low: first, high: last }) {
    [from, to] = [Math.min(first, look.low), Math.max(last, look.high)];
    const most = Math.log1p(Math.max(1, ...bins));
    const wide = to - from || 1, step = (last - first) / bins.length;
    const x = (index) => ((first + index * step - from) / wide) * STEPS;
    const tops = bins.map((number, index) => {
      const y = HIGH - (Math.log1p(number) / most) * HIGH;
      return `L${x(index)},${y}L${x(index + 1)},${y}`;
    });
    area.setAttribute("d", `M${x(0)},${HIGH}${tops.join("")}L${x(bins.length)},${HIGH}Z`);
    show(look);
  }

  const element = make("div", { class: "bih-view-contrast" },
    make("div", { class: "bih-view-histogram" }, picture, low, high),
    make("div", { class: "bih-view-ends" }, lowField, highField));
  return { element, show, counts };
}
