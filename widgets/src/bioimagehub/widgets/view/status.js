// The line under the image: where the cursor is, and which values lie there.

import { make } from "../page.js";
import { PLANES } from "./camera.js";
import { coordinate, plain, unitOf } from "./overlay.js";

const WAIT_MS = 60;

/** Make the line. Gives `{ element, hover(here, pane), tellFewer(text), text() }`; `here` is null where the cursor left. */
export function makeStatus(screen) {
  const { scene, camera, ask, life } = screen;
  const place = make("span", { class: "bih-view-place" });
  const values = make("span", { class: "bih-view-values" });
  const zoom = make("span", { class: "bih-view-zoom" });
  const fewer = make("span", { class: "bih-view-fewer", title: "Zoom in to see more of them" });
  let timer = 0, stop = null, last = "", now = null;

  function hover(here, pane) {
    if (here === null) {
      now = null;
      last = "";
      clearTimeout(timer);
      stop?.abort();
      place.textContent = values.textContent = "";
      return;
    }
    const { at } = screen;
    const [h, v] = pane.window(camera).from(...here);
    const { right, down } = PLANES[pane.plane];
    const exact = { x: at.fixed.zy, y: at.fixed.zx, z: at.z, [right]: h, [down]: v };
    const sample = Object.fromEntries(Object.entries(exact).map(([axis, value]) => [axis, Math.floor(value + 0.5)]));
    const axes = scene.size.z > 1 && pane.plane !== "yx" ? ["z", "y", "x"] : ["y", "x"];
    const parts = axes.map((axis) => `${axis} ${coordinate(camera.physical(axis, exact[axis]), scene.spacing[axis] / camera.scale(axis))}`);
    place.textContent = `${parts.join(" · ")} ${unitOf(scene.units.x)}  [${axes.map((axis) => sample[axis]).join(", ")}]`;
    const inside = axes.every((axis) => sample[axis] >= 0 && sample[axis] < scene.size[axis]);
    const name = JSON.stringify([sample, at.t, at.z, at.well, at.field, inside]);
    now = { sample, at };
    if (name === last) return;
    last = name;
    stop?.abort();
    clearTimeout(timer);
    if (inside) timer = setTimeout(() => find(sample, at), WAIT_MS);
    else values.textContent = "";
  }

  async function find(sample, at) {
    // Tiles come first: a value is read from the finest level.
    if (screen.tiles.busy) {
      timer = setTimeout(() => find(sample, at), 2 * WAIT_MS);
      return;
    }
    const { t, mode, well, field } = at;
    stop = new AbortController();
    try {
      const { content } = await ask("value", { t, ...sample, mode, well, field }, { signal: stop.signal });
      if (life.aborted) return;
      values.replaceChildren(...scene.layers.filter(({ id }) => (content.values?.[id] ?? null) !== null && screen.looks[id]?.visible)
        .map(({ id, name }) => make("span", {}, make("bdi", {}, name.slice(0, 24)), " ", make("b", {}, String(content.values[id]).slice(0, 40)))));
    } catch (error) {
      if (error.name !== "AbortError") values.textContent = "?";
    }
  }

  screen.above.push(() => {
    const percent = camera.zoom * 100;
    zoom.textContent = `${plain(percent, percent < 10 ? 2 : 3)} %`;
  });
  life.addEventListener("abort", () => { clearTimeout(timer); stop?.abort(); });
  const element = make("div", { class: "bih-view-status" }, place, values, fewer, zoom);
  return {
    element, hover,
    /** Show how many are drawn of how many there are. */
    tellFewer: (text) => { if (fewer.textContent !== text) fewer.textContent = text; },
    text: () => (now ? `${place.textContent} ${values.textContent}` : ""),
  };
}
