// From codes to colours: contrast, gamma and colour of channels; fills and outlines of labels.

// Okabe and Ito, without black and grey; each also lighter and darker, so that neighbours seldom look alike.
const BASE = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"];
const PALETTE = BASE.flatMap((colour) => {
  const rgb = parseColour(colour);
  return [rgb, rgb.map((value) => value + (255 - value) * 0.45), rgb.map((value) => value * 0.68)];
}).map((rgb) => rgb.map(Math.round));
const LUTS = 48;
const luts = new Map();

/** Give red, green and blue of `#rrggbb`, 0 to 255; white for anything else. */
export function parseColour(text) {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text ?? "");
  return found ? found.slice(1).map((part) => parseInt(part, 16)) : [255, 255, 255];
}

/** Give the colour of a number: always the same one, and another one for most others. */
export function colourOf(number) {
  let hash = Math.imul(number ^ (number >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return PALETTE[((hash ^ (hash >>> 16)) >>> 0) % PALETTE.length];
}

/** Give the share of full brightness, 0 to 1, of a value. */
export function brightness(value, look) {
  const wide = look.high - look.low, gamma = look.gamma || 1;
  const share = wide > 0 ? (value - look.low) / wide : Number(value >= look.high);
  if (share <= 0) return 0;
  if (share >= 1) return 1;
  // A power costs more than all the rest, and most tables need none.
  return gamma === 1 ? share : share ** gamma;
}

/** Give the table from codes to red, green and blue for one channel. */
function table(look, colour, tile) {
  const count = tile.codes.BYTES_PER_ELEMENT === 1 ? 256 : 65536;
  const key = [look.low, look.high, look.gamma, colour.join(), tile.scale, tile.offset, tile.nan, count].join("|");
  let found = luts.get(key);
  if (found === undefined) {
    found = colour.map(() => new Uint8ClampedArray(count));
    const shade = new Uint8ClampedArray(3);
    const shadeOf = (code) => {
      const share = brightness(code * tile.scale + tile.offset, look);
      for (let part = 0; part < 3; part += 1) shade[part] = share * colour[part];
      return (shade[0] << 16) | (shade[1] << 8) | shade[2];
    };
    // Brightness rises with the codes: where both ends of a stretch look alike, so does all between them.
    const fill = (first, last) => {
      const rgb = shadeOf(first), middle = (first + last) >> 1;
      if (rgb === shadeOf(last)) return found.forEach((part, index) => part.fill((rgb >> (16 - 8 * index)) & 255, first, last + 1));
      fill(first, middle);
      fill(middle + 1, last);
    };
    fill(tile.nan ? 1 : 0, count - 1);
    if (luts.size >= LUTS) luts.delete(luts.keys().next().value);
    luts.set(key, found);
  }
  return found;
}

/** Add channels up on black. `parts` are `{ tile, look }` of one place; the result is opaque but where all are NaN. */
export function paintChannels(parts, image, opaque) {
  const out = image.data;
  const words = new Uint32Array(out.buffer);
  words.fill(opaque ? 0xff000000 : 0);
  for (const { tile, look } of parts) {
    const strength = opaque ? look.opacity ?? 1 : 1;
    const [red, green, blue] = table(look, parseColour(look.colour).map((value) => value * strength), tile);
    const { codes, nan } = tile;
    for (let index = 0, to = 0; index < codes.length; index += 1, to += 4) {
      const code = codes[index];
      if (nan && code === 0) continue;
      out[to] += red[code];
      out[to + 1] += green[code];
      out[to + 2] += blue[code];
      out[to + 3] = 255;
    }
  }
}

/** Paint red, green and blue as they are, but for contrast and gamma. */
export function paintColours({ tile, look }, image) {
  const out = image.data, { codes } = tile;
  const [curve] = table(look, [255, 255, 255], tile);
  for (let from = 0, to = 0; from < codes.length; from += 3, to += 4) {
    out[to] = curve[codes[from]];
    out[to + 1] = curve[codes[from + 1]];
    out[to + 2] = curve[codes[from + 2]];
    out[to + 3] = 255;
  }
}

/** Paint labels: all of each, or its rim alone, so many samples wide; 0 is background. */
export function paintLabels({ tile, look }, image, rim = 1) {
  const { codes, width, height } = tile;
  const words = new Uint32Array(image.data.buffer);
  const one = look.colour ? pack(parseColour(look.colour)) : 0;
  words.fill(0);
  let last = 0, colour = 0;
  for (let row = 0, index = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, index += 1) {
      const number = codes[index];
      if (number === 0) continue;
      if (look.outline
        && (column < rim || codes[index - rim] === number) && (column >= width - rim || codes[index + rim] === number)
        && (row < rim || codes[index - rim * width] === number)
        && (row >= height - rim || codes[index + rim * width] === number)) continue;
      if (number !== last) {
        last = number;
        colour = one || pack(colourOf(number));
      }
      words[index] = colour;
    }
  }
}

function pack([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
