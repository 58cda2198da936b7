// What of OME-Zarr images is wanted: levels, channels, a region, label images. The first image tells what there is.
import { bytes, count, make } from "../page.js";
import { follow, set } from "./listening.js";

const WAIT = 700;
const NAMES = { t: "time points", z: "planes (z)", y: "rows (y)", x: "columns (x)" };

/** Make the choice of parts of images; changing it has the download planned anew. */
export function makeImages({ model, life }) {
  const body = make("div", { class: "bih-parts" });
  const element = make("details", { class: "bih-images" }, make("summary", {}, "Choose a part of the images"), body);
  let shownFor = null, image = null, timer = 0;

  function show() {
    // The shape of the whole image: a plan of a part tells the same.
    image = model.get("plan").images?.[0] ?? image;
    element.hidden = !image;
    if (!image) return;
    const key = JSON.stringify(image);
    if (key !== shownFor) {
      shownFor = key;
      body.replaceChildren(...build());
    }
    renew();
  }

  const boxes = { levels: [], channels: [] };
  const fields = {};
  let labels = null;

  function build() {
    const several = (model.get("plan").images?.length ?? 1) > 1;
    const parts = [make("p", { class: "bih-quiet" }, several ? "Of the first image; the others are cut alike." : "", make("bdi", {}, ` ${image.path}`))];
    parts.push(group("Levels", "levels", image.levels.map((shape, number) =>
      `${number}: ${shape.map(count).join(" × ")}${image.most[number] === null ? "" : `, at most ${bytes(image.most[number])}`}`)));
    if (image.channels.length > 1) parts.push(group("Channels", "channels", image.channels));
    parts.push(region());
    if (image.labels.length) {
      labels = make("input", { type: "checkbox", onchange: () => set(model, { labels: labels.checked }) });
      parts.push(make("label", { class: "bih-option" }, labels, ` label images: ${image.labels.join(", ")}`));
    }
    return parts;
  }

  function group(title, trait, names) {
    boxes[trait] = names.map(() => make("input", { type: "checkbox", onchange: () => {
      const taken = boxes[trait].flatMap((box, number) => (box.checked ? [number] : []));
      // All is what an empty list stands for, and none is nothing that can be fetched.
      if (taken.length === 0) return renew();
      later({ [trait]: taken.length === names.length ? [] : taken });
    } }));
    return make("fieldset", {}, make("legend", {}, title), ...names.map((name, number) => make("label", { class: "bih-option" }, boxes[trait][number], " ", make("bdi", {}, name))));
  }

  // While it is typed, for JupyterLab takes the Enter that would tell the end.
  function region() {
    const rows = image.axes.flatMap((axis, number) => {
      if (!(axis in NAMES) || image.levels[0][number] < 2) return [];
      const most = image.levels[0][number];
      const field = (label, value, least) => make("input", { type: "number", min: least, max: most, step: 1, value, "aria-label": `${NAMES[axis]}, ${label}`, oninput: changed, onblur: renew });
      fields[axis] = { from: field("from", 0, 0), to: field("to, not included", most, 1), most };
      return [make("div", { class: "bih-range" }, make("span", {}, NAMES[axis]), fields[axis].from, "to", fields[axis].to, make("span", { class: "bih-quiet" }, `of ${count(most)}`))];
    });
    return make("fieldset", {}, make("legend", {}, "Region, in pixels of level 0"), ...rows);
  }

  function changed() {
    const wanted = {};
    for (const [axis, { from, to, most }] of Object.entries(fields)) {
      const start = Math.max(0, Math.min(most - 1, Math.round(Number(from.value) || 0)));
      const stop = Math.max(start + 1, Math.min(most, Math.round(Number(to.value) || most)));
      if (start > 0 || stop < most) wanted[axis] = [start, stop];
    }
    later({ region: wanted });
  }

  function later(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    clearTimeout(timer);
    // Each change has the download planned anew: not in the middle of several.
    timer = setTimeout(() => model.save_changes(), WAIT);
  }

  function renew() {
    for (const trait of ["levels", "channels"]) {
      const wanted = model.get(trait);
      boxes[trait].forEach((box, number) => { box.checked = wanted.length === 0 || wanted.includes(number); });
    }
    const wanted = model.get("region");
    for (const [axis, { from, to, most }] of Object.entries(fields)) {
      // What is being typed stays.
      if ([from, to].includes(document.activeElement)) continue;
      [from.value, to.value] = wanted[axis] ?? [0, most];
    }
    if (labels) labels.checked = model.get("labels");
  }

  life?.addEventListener("abort", () => clearTimeout(timer));
  follow(model, life, ["plan", "levels", "channels", "region", "labels"], show);
  return { element };
}
