// Draws layers into a canvas: sharp tiles where they are there, and coarser or finer ones where they are not yet.

import { PLANES } from "./camera.js";
import { paintChannels, paintColours, paintLabels } from "./compose.js";
import { GROUND_TILES, chooseLevel, countTiles, listTiles } from "./grid.js";
import { keyOf } from "./tiles.js";

const BYTES = 64 * 2 ** 20;
const FRAME_MS = 14;
const FINER = 2;
const MANY = 64;
const WIDE = 4096;

/** Put the visible layers of pixels into groups that are drawn as one, the lowest first. `only` keeps some. */
export function groupLayers(scene, looks, only = null) {
  const groups = [];
  for (const layer of scene.layers) {
    const look = looks[layer.id];
    if (!look?.visible || (only !== null && !only(layer.id))) continue;
    if (!["channel", "rgb", "labels"].includes(layer.kind)) continue;
    const kind = layer.kind === "channel" ? (look.blend === "over" ? "over" : "add") : layer.kind;
    const last = groups.at(-1);
    if (kind === "add" && last?.kind === "add" && last.levels === layer.levels) last.layers.push(layer);
    else groups.push({ kind, levels: layer.levels, layers: [layer] });
  }
  for (const group of groups) {
    group.name = group.kind + group.layers.map(({ id }) => id).join(",");
    const { opacity, size, visible, ...rest } = looks[group.layers[0].id];
    group.alpha = group.kind === "add" ? 1 : opacity ?? 1;
    group.stamp = JSON.stringify(group.kind === "add" ? group.layers.map(({ id }) => looks[id]) : rest);
  }
  return groups;
}

/** Painted tiles, which cost time to make; the least recently used go. */
export class Painter {
  constructor(tiles, life) {
    this.tiles = tiles;
    this.painted = new Map();
    this.bytes = 0;
    this.image = null;
    this.late = false;
    life.addEventListener("abort", () => this.close());
  }

  /** Begin a frame: painting of new tiles stops after a while, and `late` says that some are left. */
  begin() {
    this.late = false;
    this.deadline = performance.now() + FRAME_MS;
  }

  /**
   * Draw groups of layers into a context, within `clip` (left and right, in pixels of the device).
   * `at` has `t`, `z`, `mode`, `fixed`. Gives whether all that is in sight is sharp.
   */
  draw(context, scene, groups, looks, window, ratio, at, scratch, clip = null) {
    let sharp = true;
    groups.forEach((group, index) => {
      const direct = index === 0 && group.alpha === 1;
      const target = direct ? context : scratch();
      if (!direct) target.clearRect(0, 0, target.canvas.width, target.canvas.height);
      sharp = this.drawGroup(target, scene, group, looks, window, ratio, at) && sharp;
      if (direct) return;
      context.globalAlpha = group.alpha;
      context.globalCompositeOperation = group.kind === "add" && index > 0 ? "lighter" : "source-over";
      const [from, to] = clip ?? [0, target.canvas.width];
      if (to > from) context.drawImage(target.canvas, from, 0, to - from, target.canvas.height, from, 0, to - from, target.canvas.height);
      context.globalAlpha = 1;
      context.globalCompositeOperation = "source-over";
    });
    return sharp;
  }

  drawGroup(context, scene, group, looks, window, ratio, at) {
    const wanted = chooseLevel(scene.levels, group.levels, window, ratio);
    const show = (level, paint) => {
      // A rim of one sample falls apart where samples are smaller than pixels.
      if (group.kind === "labels") group.rim = window.across * scene.levels[level][`f${window.right}`] < 1.2 ? 2 : 1;
      let all = true;
      const draws = [];
      for (const tile of listTiles(scene, level, window)) {
        const picture = this.picture(group, looks, questionsOf(group, level, at, window.plane, tile), paint);
        if (picture === null) all = false;
        else draws.push([picture, tile]);
      }
      return { all, draws: () => draws.forEach(([picture, tile]) => put(context, picture, tile, window, ratio, group)) };
    };
    let best = show(wanted, false);
    if (!best.all) {
      // The coarse picture of everything comes first, and is painted first.
      for (let level = group.levels - 1; level > wanted; level -= 1) show(level, countTiles(scene, level, window) <= GROUND_TILES).draws();
      for (let level = Math.max(0, wanted - FINER); level < wanted; level += 1) {
        if (countTiles(scene, level, window) <= MANY) show(level, false).draws();
      }
      best = show(wanted, true);
    }
    best.draws();
    return best.all;
  }

  /** Give the painted tile of a group, or null; `paint` says whether it may be made now. */
  picture(group, looks, questions, paint) {
    const keys = questions.map(keyOf);
    const key = `${group.name}|${keys[0]}`;
    const found = this.painted.get(key);
    const stamp = group.stamp + (group.rim ?? "");
    if (found?.stamp === stamp) {
      this.painted.delete(key);
      this.painted.set(key, found);
      return found.canvas;
    }
    const parts = keys.map((each, index) => ({ tile: this.tiles.get(each), look: looks[group.layers[index].id] }));
    if (parts.some(({ tile }) => tile === undefined)) return found?.canvas ?? null;
    // A tile that only changes its colours is painted at once: a slider must not leave a patchwork.
    if (!found && (!paint || performance.now() > this.deadline)) {
      this.late ||= paint;
      return null;
    }
    return this.paint(key, group, parts, found, stamp);
  }

  paint(key, group, parts, old, stamp) {
    const { width, height } = parts[0].tile;
    const canvas = old?.canvas ?? this.makeCanvas(width, height);
    // One for all tiles of a size, each of which writes all of it: what is thrown away is in memory for a while.
    if (this.image?.width !== width || this.image.height !== height) this.image = new ImageData(width, height);
    const { image } = this;
    if (group.kind === "labels") paintLabels(parts[0], image, group.rim);
    else if (group.kind === "rgb") paintColours(parts[0], image);
    else paintChannels(parts, image, group.kind === "add");
    canvas.getContext("2d").putImageData(image, 0, 0);
    if (old) this.painted.delete(key);
    else this.bytes += width * height * 4;
    this.painted.set(key, { canvas, stamp });
    for (const [other, { canvas: gone }] of this.painted) {
      if (this.bytes <= BYTES || other === key) break;
      this.drop(other, gone);
    }
    return canvas;
  }

  /** Give a canvas: that of the tile that was not used for longest, where there is no room for another one. */
  makeCanvas(width, height) {
    const full = this.bytes + width * height * 4 > BYTES;
    for (const [key, { canvas }] of full ? this.painted : []) {
      if (canvas.width !== width || canvas.height !== height) continue;
      this.painted.delete(key);
      this.bytes -= width * height * 4;
      return canvas;
    }
    return new OffscreenCanvas(width, height);
  }

  drop(key, canvas) {
    this.painted.delete(key);
    this.bytes -= canvas.width * canvas.height * 4;
    // The memory of a canvas goes at once when it has no size, and else some day.
    canvas.width = canvas.height = 0;
  }

  /** Forget what was painted of some layers (null: all). */
  forget(layers) {
    for (const [key, { canvas }] of this.painted) {
      const ids = key.slice(0, key.indexOf("|")).replace(/^(add|over|rgb|labels)/, "").split(",");
      if (layers === null || ids.some((id) => layers.includes(id))) this.drop(key, canvas);
    }
  }

  close() {
    this.forget(null);
    this.image = null;
  }
}

/** Give the questions for one tile of every layer of a group. */
export function questionsOf(group, level, { t, z, mode, fixed, well, field }, plane, { row, column }) {
  const flat = plane === "yx";
  return group.layers.map(({ id }) => ({
    layer: id, level, t, z: flat && mode !== "maximum" ? z : 0, mode: flat && mode === "maximum" ? mode : "slice", plane,
    at: flat ? 0 : fixed[plane], row, column, ...(well ? { well } : {}), ...(field ? { field } : {}),
  }));
}

function put(context, picture, tile, window, ratio, group) {
  const edge = (value) => Math.round(value * ratio);
  // Edges lie on whole pixels of the device, so that neighbours leave no seam.
  const [left, top] = window.to(tile.h[0], tile.v[0]).map(edge);
  const [right, bottom] = window.to(tile.h[1], tile.v[1]).map(edge);
  const turned = PLANES[window.plane].rows === window.right;
  const [x, y, width, height] = turned ? [top, left, bottom - top, right - left] : [left, top, right - left, bottom - top];
  if (width <= 0 || height <= 0) return;
  const { canvas } = context;
  const [columns, across] = crop(picture.width, x, width, turned ? canvas.height : canvas.width);
  const [rows, along] = crop(picture.height, y, height, turned ? canvas.width : canvas.height);
  if (columns[1] <= 0 || rows[1] <= 0) return;
  const scale = Math.min(width / picture.width, height / picture.height);
  context.imageSmoothingEnabled = scale < 1 && group.kind !== "labels";
  if (context.imageSmoothingEnabled) context.imageSmoothingQuality = scale < 0.5 ? "medium" : "low";
  context.setTransform(...(turned ? [0, 1, 1, 0, 0, 0] : [1, 0, 0, 1, 0, 0]));
  // Something coarser may lie there already, and shine through.
  if (group.alpha < 1 || group.kind !== "add") context.clearRect(across[0], along[0], across[1], along[1]);
  context.drawImage(picture, columns[0], rows[0], columns[1], rows[1], across[0], along[0], across[1], along[1]);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/** Take what is in sight of a tile that is drawn very big: numbers of a canvas are not exact at a million pixels. */
function crop(samples, begin, wide, room) {
  if (wide <= WIDE) return [[0, samples], [begin, wide]];
  const scale = wide / samples;
  const from = Math.max(0, Math.floor(-begin / scale)), to = Math.min(samples, Math.ceil((room - begin) / scale));
  return [[from, to - from], [begin + from * scale, (to - from) * scale]];
}
