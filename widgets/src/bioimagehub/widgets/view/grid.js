// Which tiles of which level a window shows.

import { PLANES } from "./camera.js";

/** Give the coarsest level whose samples are no bigger than a pixel of the device, among the first `count` levels. */
export function chooseLevel(levels, count, window, ratio) {
  let best = 0;
  for (let index = 1; index < Math.min(count, levels.length); index += 1) {
    const level = levels[index];
    const biggest = Math.max(
      level[`f${window.right}`] * window.across, level[`f${window.down}`] * window.along);
    // A tenth more than a pixel is not seen, and spares four times the tiles at the usual zooms.
    if (biggest * ratio <= 1.1) best = index;
  }
  return best;
}

/** Tiles of a coarse picture of all that is in sight. */
export const GROUND_TILES = 4;

/** Give the first level, from the finest, that shows the window in at most `most` tiles; it is there at once. */
export function chooseGround(scene, count, window, most = GROUND_TILES) {
  const last = Math.min(count, scene.levels.length) - 1;
  for (let index = 0; index < last; index += 1) {
    if (countTiles(scene, index, window) <= most) return index;
  }
  return last;
}

/** Count the tiles of a level that a window shows. */
export function countTiles(scene, index, window) {
  const [rows, columns] = spans(scene, index, window, 0);
  return Math.max(0, rows[1] - rows[0]) * Math.max(0, columns[1] - columns[0]);
}

/**
 * List the tiles of a level that a window shows, those in its middle first.
 *
 * A tile is `{ row, column, h: [from, to], v: [from, to] }`: its edges in samples of level 0, as they lie on the screen.
 * `around` adds tiles beyond the edges of the window.
 */
export function listTiles(scene, index, window, around = 0) {
  const { rows: down, columns: across, right } = PLANES[window.plane];
  const [rows, columns] = spans(scene, index, window, around);
  const found = [];
  for (let row = rows[0]; row < rows[1]; row += 1) {
    for (let column = columns[0]; column < columns[1]; column += 1) {
      const along = edges(scene, index, down, row), over = edges(scene, index, across, column);
      found.push({ row, column, ...(across === right ? { h: over, v: along } : { h: along, v: over }) });
    }
  }
  const [middleH, middleV] = window.from(window.width / 2, window.height / 2);
  const far = ({ h, v }) => Math.max(
    Math.abs((h[0] + h[1]) / 2 - middleH) * window.across, Math.abs((v[0] + v[1]) / 2 - middleV) * window.along);
  return found.map((tile) => [far(tile), tile]).sort((a, b) => a[0] - b[0]).map(([, tile]) => tile);
}

/** Give the window after zooming in twice at a pixel; without one in the middle. */
export function halve(window, pixel) {
  const place = window.from(...(pixel ?? [window.width / 2, window.height / 2]));
  const box = {};
  [window.right, window.down].forEach((axis, index) => {
    box[axis] = window.box[axis].map((edge) => (edge + place[index]) / 2);
  });
  return { ...window, box };
}

function edges(scene, index, axis, number) {
  const level = scene.levels[index], factor = level[`f${axis}`];
  const begin = number * scene.tile, end = Math.min(begin + scene.tile, level[axis]);
  return [begin * factor - 0.5, end * factor - 0.5];
}

function spans(scene, index, window, around) {
  const level = scene.levels[index];
  return [PLANES[window.plane].rows, PLANES[window.plane].columns].map((axis) => {
    const wide = scene.tile * level[`f${axis}`];
    const [from, to] = window.box[axis];
    const all = Math.ceil(level[axis] / scene.tile);
    const begin = Math.floor((from + 0.5) / wide) - around, end = Math.floor((to + 0.5) / wide) + 1 + around;
    return [Math.min(Math.max(0, begin), all), Math.max(0, Math.min(all, end))];
  });
}
