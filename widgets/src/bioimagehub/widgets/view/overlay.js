// What lies above the pixels: the scale bar, the cross of the keyboard, and texts about where the cursor is.

const STEPS = [1, 2, 5];
const SHORT = {
  angstrom: "Å", nanometer: "nm", micrometer: "µm", millimeter: "mm", centimeter: "cm", meter: "m",
  pixel: "px", frame: "", second: "s", minute: "min", hour: "h", millisecond: "ms",
};
const LADDER = [["nanometer", 1e-9], ["micrometer", 1e-6], ["millimeter", 1e-3], ["centimeter", 1e-2], ["meter", 1]];
const AIM = 110;

/** Give the short form of a unit. */
export function unitOf(unit) {
  return SHORT[unit] ?? String(unit ?? "").slice(0, 12);
}

/** Give a length that is round, near `most` long, with its unit and its share of `most`. */
export function roundLength(most, unit) {
  let scale = 1, name = unit;
  const known = LADDER.find(([each]) => each === unit);
  if (known) {
    const metres = most * known[1];
    const fit = LADDER.filter(([each, size]) => each !== "centimeter" && metres >= size * 1).at(-1) ?? LADDER[0];
    scale = known[1] / fit[1];
    name = fit[0];
  }
  const length = most * scale;
  const power = 10 ** Math.floor(Math.log10(length));
  const step = STEPS.filter((each) => each * power <= length * 1.000001).at(-1) ?? 1;
  const rounded = step * power;
  return { text: `${plain(rounded)} ${unitOf(name)}`.trim(), share: rounded / length };
}

/** Write a number shortly, with a point and without an exponent where that can be. */
export function plain(number, digits = 6) {
  if (!Number.isFinite(number)) return String(number);
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return number.toExponential(2).replace("e+", "e");
  return String(Number(number.toPrecision(digits)));
}

/** Write a coordinate to a tenth of what a screen pixel is wide. */
export function coordinate(value, perPixel) {
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(Math.abs(perPixel) || 1))));
  return value.toFixed(digits);
}

/** Draw the scale bar into the lower left corner of a pane; gives its text. */
export function drawScaleBar(context, { width, height }, perPixel, unit) {
  const most = Math.min(AIM, width * 0.3);
  const { text, share } = roundLength(most * perPixel, unit);
  const long = most * share, left = 14, bottom = height - 14;
  context.save();
  context.lineCap = "butt";
  for (const [colour, wide, grow] of [["rgba(0,0,0,.65)", 7, 2], ["#fff", 3, 0]]) {
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.beginPath();
    context.moveTo(left - grow, bottom);
    context.lineTo(left + long + grow, bottom);
    context.stroke();
  }
  writeText(context, text, left + long / 2, bottom - 8, "center");
  context.restore();
  return text;
}

/** Write white text with a dark rim, which is read on any image. */
export function writeText(context, text, x, y, align = "left", size = 12) {
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textAlign = align;
  context.textBaseline = "alphabetic";
  context.lineJoin = "round";
  context.strokeStyle = "rgba(0,0,0,.75)";
  context.lineWidth = 3;
  context.strokeText(text, x, y);
  context.fillStyle = "#fff";
  context.fillText(text, x, y);
}

/** Draw lines in white on a dark rim. */
export function drawLines(context, path, colour = "#fff", wide = 1.5) {
  context.save();
  for (const [stroke, width] of [["rgba(0,0,0,.7)", wide + 2], [colour, wide]]) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.beginPath();
    path(context);
    context.stroke();
  }
  context.restore();
}

/** Draw the cross that the keyboard moves. */
export function drawCross(context, x, y, size = 11) {
  drawLines(context, (to) => {
    to.moveTo(x - size, y);
    to.lineTo(x - 3, y);
    to.moveTo(x + 3, y);
    to.lineTo(x + size, y);
    to.moveTo(x, y - size);
    to.lineTo(x, y - 3);
    to.moveTo(x, y + 3);
    to.lineTo(x, y + size);
  });
}
