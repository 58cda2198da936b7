// Shapes that people draw: what they are, how big, what lies near, and how they look. Points are physical, [y, x].

import { plain, unitOf, writeText, drawLines } from "./overlay.js";

/** What can be drawn: the name of each, and how many points end it (0: as many as one likes). */
export const KINDS = { point: 1, line: 2, box: 2, polygon: 0 };

const COLOUR = "#f0e442";
const CHOSEN = "#56b4e9";
const HANDLE = 4.5;

/** Give the corners of a shape in the order in which lines join them, and whether the last is joined to the first. */
export function outline({ kind, points }) {
  if (kind !== "box" || points.length < 2) return [points, kind === "polygon" && points.length > 2];
  const [[top, left], [bottom, right]] = points;
  return [[[top, left], [top, right], [bottom, right], [bottom, left]], true];
}

/** Say how long or how big a shape is. */
export function sizeOf(shape, units) {
  const [points, closed] = outline(shape);
  const unit = unitOf(units.x);
  const pairs = points.slice(1).map((point, index) => [points[index], point]);
  if (shape.kind === "box") {
    const [[top, left], , [bottom, right]] = points;
    return `${plain(Math.abs(right - left), 3)} × ${plain(Math.abs(bottom - top), 3)} ${unit}`;
  }
  if (closed) {
    const twice = [...pairs, [points.at(-1), points[0]]].reduce((sum, [[y0, x0], [y1, x1]]) => sum + x0 * y1 - x1 * y0, 0);
    return `${plain(Math.abs(twice) / 2, 3)} ${unit}²`;
  }
  if (shape.kind === "line") return `${plain(pairs.reduce((sum, [a, b]) => sum + Math.hypot(b[0] - a[0], b[1] - a[1]), 0), 3)} ${unit}`;
  return points.length ? `${plain(points[0][1], 5)}, ${plain(points[0][0], 5)} ${unit}` : "";
}

/** Give how far a pixel is from a shape, in pixels; 0 within a closed one. `to` gives the pixel of a point. */
export function distance(shape, to, px, py) {
  const [points, closed] = outline(shape);
  const corners = points.map(to);
  if (corners.length === 1) return Math.hypot(corners[0][0] - px, corners[0][1] - py);
  let best = Infinity, inside = false;
  for (let index = closed ? 0 : 1; index < corners.length; index += 1) {
    const [x0, y0] = corners.at(index - 1), [x1, y1] = corners[index];
    const wide = (x1 - x0) ** 2 + (y1 - y0) ** 2;
    const share = wide ? Math.min(1, Math.max(0, ((px - x0) * (x1 - x0) + (py - y0) * (y1 - y0)) / wide)) : 0;
    best = Math.min(best, Math.hypot(x0 + share * (x1 - x0) - px, y0 + share * (y1 - y0) - py));
    if (closed && (y0 > py) !== (y1 > py) && px < ((x1 - x0) * (py - y0)) / (y1 - y0) + x0) inside = !inside;
  }
  return inside ? 0 : best;
}

/** Draw a shape; a chosen one shows its points, and `vertex` is the one of them that keys move. */
export function drawShape(context, shape, to, { chosen = false, vertex = -1, open = false } = {}) {
  const [points, closed] = outline(shape);
  const corners = points.map(to);
  const colour = chosen ? CHOSEN : COLOUR;
  if (corners.length === 1 && shape.kind === "point") {
    drawLines(context, (path) => path.arc(...corners[0], 5, 0, 2 * Math.PI), colour, 2);
  } else {
    drawLines(context, (path) => {
      corners.forEach((corner, index) => (index ? path.lineTo(...corner) : path.moveTo(...corner)));
      if (closed && !open) path.closePath();
    }, colour, 2);
  }
  if (chosen || open) {
    shape.points.map(to).forEach(([x, y], index) => {
      context.fillStyle = index === vertex ? "#d55e00" : "#fff";
      context.strokeStyle = "#000";
      context.lineWidth = 1;
      context.beginPath();
      context.rect(x - HANDLE, y - HANDLE, 2 * HANDLE, 2 * HANDLE);
      context.fill();
      context.stroke();
    });
  }
  if (shape.name && corners.length) {
    const [x, y] = corners.reduce((least, corner) => (corner[1] < least[1] ? corner : least));
    writeText(context, String(shape.name).slice(0, 60), x + 6, y - 7);
  }
}
