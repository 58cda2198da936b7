// Points and tracks of tables: fetched for what is in sight, drawn above the pixels.

import { count } from "../page.js";
import { PLANES } from "./camera.js";
import { colourOf, parseColour } from "./compose.js";

const MOST = 20000;
const TAIL = 20;
const AROUND = 0.5;
const CLOSER = 4;
const DEEP = 20;

/** Keep the points and tracks of a screen; draws them and asks for more when the screen moved. */
export class Annotations {
  constructor(screen, onProblem) {
    Object.assign(this, { screen, onProblem, found: new Map(), open: new Map() });
    screen.above.push((context, pane, window) => this.draw(context, pane, window));
    screen.still.push(() => this.refresh());
    screen.life.addEventListener("abort", () => {
      for (const stop of this.open.values()) stop.abort();
      this.found.clear();
    });
  }

  get layers() {
    return this.screen.scene.layers.filter(({ id, kind }) =>
      (kind === "points" || kind === "tracks") && this.screen.looks[id]?.visible);
  }

  /** Name the place that a layer is to be drawn for. */
  here({ kind }) {
    const { t, z, mode } = this.screen.at;
    return kind === "tracks" ? `${t}` : `${t}|${mode === "slice" ? z : "all"}`;
  }

  /** Give what was found for the place that is shown; what belongs to another time or plane is not drawn. */
  shown(layer) {
    const found = this.found.get(layer.id);
    return found?.here === this.here(layer) ? found : null;
  }

  /** Ask for what is not known of what is in sight. A layer has one question open; after its answer it is looked again. */
  refresh() {
    const { main, camera, life } = this.screen;
    if (!main?.shown || life.aborted) return;
    const { box } = main.window(camera);
    for (const layer of this.layers) {
      const known = this.shown(layer);
      if (this.open.has(layer.id) || (known && (known.whole || covers(known, box)))) continue;
      this.fetch(layer, grown(box));
    }
  }

  /** Forget what the kernel said of some layers (null: all). */
  forget(layers) {
    for (const { id } of this.screen.scene.layers) {
      if (layers !== null && !layers.includes(id)) continue;
      this.found.delete(id);
      this.open.get(id)?.abort();
      this.open.delete(id);
    }
    this.refresh();
  }

  async fetch(layer, box) {
    const here = this.here(layer), stop = new AbortController();
    this.open.set(layer.id, stop);
    const { t, z, mode } = this.screen.at;
    let failed = false;
    try {
      const asked = layer.kind === "tracks"
        ? { layer: layer.id, t, tail: TAIL }
        : { layer: layer.id, t, z: mode === "slice" ? z : null, box: [box.y[0], box.x[0], box.y[1], box.x[1]], most: MOST };
      const { content, buffers } = await this.screen.ask(layer.kind, asked, { signal: stop.signal });
      const rows = numbers(Float32Array, buffers[0]);
      const ids = layer.kind === "tracks" ? numbers(Uint32Array, buffers[1]) : null;
      this.found.set(layer.id, { here, box, rows, ids, offsets: content.offsets, count: content.count, whole: layer.kind === "tracks" });
    } catch (error) {
      if (stop.signal.aborted) return;
      failed = true;
      this.onProblem(error);
    }
    this.open.delete(layer.id);
    this.screen.redraw();
    // What failed is asked again when something has changed.
    if (!failed || here !== this.here(layer)) this.refresh();
  }

  /** Draw over a pane; gives whether all of it was there. */
  draw(context, pane, window) {
    let all = true;
    const fewer = [];
    for (const layer of this.layers) {
      const found = this.shown(layer);
      if (!found) {
        all &&= !this.open.has(layer.id);
        continue;
      }
      const look = this.screen.looks[layer.id];
      context.globalAlpha = look.opacity ?? 1;
      if (layer.kind === "points") drawPoints(context, window, found, look, this.depth(pane));
      else drawTracks(context, window, found, look, this.screen.at.t);
      context.globalAlpha = 1;
      if (given(found) < found.count && layer.kind === "points") fewer.push(`${count(given(found))} of ${count(found.count)} ${layer.name}`);
    }
    this.onFewer?.(fewer.join(", "));
    return all;
  }

  /** Give how far a point is from the plane of a pane, in pixels; in a slice the kernel sends those of the plane. */
  depth(pane) {
    const { camera, mode } = this.screen;
    if (mode !== "orthogonal") return () => 0;
    const axis = ["x", "y", "z"].find((each) => each !== PLANES[pane.plane].right && each !== PLANES[pane.plane].down);
    return (y, x, z) => Math.abs(along(axis, y, x, z) - camera[axis]) * camera.scale(axis);
  }

  /** Find the number of a point near a pixel of the main pane; null where there is none. */
  near(px, py, window) {
    let best = null, nearest = 64;
    for (const layer of this.layers.filter(({ kind }) => kind === "points")) {
      const found = this.shown(layer);
      for (let row = 0; row < (found?.rows.length ?? 0); row += 4) {
        const [x, y] = window.to(found.rows[row + 1], found.rows[row]);
        const far = (x - px) ** 2 + (y - py) ** 2;
        if (far < nearest) [nearest, best] = [far, { kind: "point", layer: layer.id, number: found.rows[row + 3] }];
      }
    }
    return best;
  }
}

function numbers(Type, buffer) {
  if (!buffer) return new Type(0);
  const view = buffer.buffer ? buffer : new DataView(buffer);
  return new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function grown(box) {
  return Object.fromEntries(Object.entries(box).map(([axis, [from, to]]) =>
    [axis, [from - (to - from) * AROUND, to + (to - from) * AROUND]]));
}

function given({ rows }) {
  return rows.length / 4;
}

/** Say whether what was found has all of a box that can be had: of too many points there are more in a smaller box. */
function covers({ box, count: all, rows }, inner) {
  const wide = ([from, to]) => to - from;
  return ["x", "y"].every((axis) => box[axis][0] <= inner[axis][0] && box[axis][1] >= inner[axis][1]
    && (given({ rows }) >= all || wide(inner[axis]) * CLOSER > wide(box[axis])));
}

function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

function along(axis, y, x, z) {
  return axis === "x" ? x : axis === "y" ? y : z;
}

function drawPoints(context, window, { rows }, look, depth) {
  const radius = Math.max(1.5, (look.size ?? 8) / 2);
  const one = look.colour ? css(parseColour(look.colour)) : null;
  context.lineWidth = 1.5;
  for (let row = 0; row < rows.length; row += 4) {
    const [y, x, z, number] = rows.subarray(row, row + 4);
    const far = depth(y, x, z);
    if (far > DEEP) continue;
    const [px, py] = window.to(along(window.right, y, x, z), along(window.down, y, x, z));
    if (px < -radius || py < -radius || px > window.width + radius || py > window.height + radius) continue;
    // Points before and behind the plane grow smaller, as the parts of a ball that it cuts.
    context.beginPath();
    context.arc(px, py, radius * (1 - far / DEEP / 1.5), 0, 2 * Math.PI);
    context.strokeStyle = "rgba(0,0,0,.7)";
    context.lineWidth = 3.5;
    context.stroke();
    context.strokeStyle = one ?? css(colourOf(number));
    context.lineWidth = 1.75;
    context.stroke();
  }
}

function drawTracks(context, window, { rows, ids, offsets }, look, now) {
  const one = look.colour ? css(parseColour(look.colour)) : null;
  const place = (row) => {
    const [, z, y, x] = rows.subarray(row * 4, row * 4 + 4);
    return window.to(along(window.right, y, x, z), along(window.down, y, x, z));
  };
  context.lineCap = context.lineJoin = "round";
  for (let track = 0; track < ids.length; track += 1) {
    context.strokeStyle = context.fillStyle = one ?? css(colourOf(ids[track]));
    let last = null;
    for (let row = offsets[track]; row < offsets[track + 1]; row += 1) {
      const t = rows[row * 4];
      if (t > now) break;
      const to = place(row);
      if (last) {
        // A tail fades with time, so that its direction is seen.
        context.globalAlpha = (look.opacity ?? 1) * Math.max(0.15, 1 - (now - t) / TAIL);
        context.lineWidth = 2.25;
        context.beginPath();
        context.moveTo(...last);
        context.lineTo(...to);
        context.stroke();
      }
      last = to;
      if (t !== now) continue;
      context.globalAlpha = look.opacity ?? 1;
      context.beginPath();
      context.arc(...to, Math.max(2, (look.size ?? 8) / 2), 0, 2 * Math.PI);
      context.fill();
      context.lineWidth = 1;
      context.stroke();
    }
  }
}
