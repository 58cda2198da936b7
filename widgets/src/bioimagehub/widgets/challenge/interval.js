// A score and its interval, drawn as a bar with a line over it. It has no words: the numbers stand beside it.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 180, HEIGHT = 18, EDGE = 3;

function draw(name, properties) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(properties)) element.setAttribute(key, value);
  return element;
}

/**
 * Draw a score: `value`, `low` and `high` are numbers, texts of infinity, or null; `span` has both ends of the axis. The bar begins
 * where scores are worst: at the left, or at the right where less is better.
 */
export function drawInterval({ value, low, high }, span, better = "higher") {
  const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true", class: "bih-interval" });
  const [least, most] = span;
  const place = (number) => EDGE + (WIDTH - 2 * EDGE) * Math.min(1, Math.max(0, (number - least) / (most - least)));
  picture.append(draw("line", { class: "bih-axis", x1: EDGE, x2: WIDTH - EDGE, y1: HEIGHT - 1, y2: HEIGHT - 1 }));
  if (typeof value !== "number") return picture;
  const worst = place(better === "higher" ? least : most), at = place(value);
  picture.append(draw("rect", { class: "bih-value", x: Math.min(worst, at), width: Math.abs(at - worst), y: 4, height: HEIGHT - 8 }));
  if (typeof low === "number" && typeof high === "number") {
    const [left, right] = [place(low), place(high)];
    const middle = HEIGHT / 2;
    picture.append(draw("path", {
      class: "bih-whisker", d: `M${left} ${middle}H${right}M${left} ${middle - 5}v10M${right} ${middle - 5}v10`,
    }));
  }
  return picture;
}
