// The tiles that were fetched, and those that are being: at most so many at once, the wanted ones alone, in their order.

const OPEN = 16;
const OPEN_AHEAD = 4;
const BYTES = 256 * 2 ** 20;
const AGAIN_MS = 5000;
const AGAIN_MOST = 4;
// What a tile of a layer has at most, in 64 KiB, by the first letter of its id; and what is asked for in one question.
const WEIGHTS = { c: 2, r: 3, l: 4 };
const HEAVIEST = 12;
const TYPES = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };

/** Give the name under which a tile is kept. */
export function keyOf(question) {
  const { layer, level, t, z, mode, plane, at, row, column, well = "", field = "" } = question;
  return [layer, level, t, z, mode, plane, at, row, column, well, field].join("|");
}

/** Put questions for layers of the same tile that follow each other into bundles, which are asked and answered as one. */
function bundle(questions) {
  const bundles = [];
  let place = "", weight = 0;
  for (const [key, question] of questions) {
    const here = key.slice(key.indexOf("|")), more = WEIGHTS[question.layer[0]];
    if (here !== place || weight + more > HEAVIEST) {
      bundles.push([]);
      weight = 0;
    }
    place = here;
    weight += more;
    bundles.at(-1).push([key, question]);
  }
  return bundles;
}

/** Tiles by their key: the least recently used go when they are more than `bytes`. */
export class Tiles {
  constructor(ask, { open = OPEN, bytes = BYTES, arrived, failed, again, life }) {
    this.ask = ask;
    this.most = this.least = open;
    this.room = bytes;
    this.arrived = arrived;
    this.failed = failed;
    this.again = again;
    this.kept = new Map();
    this.bytes = 0;
    // What is asked for, by the keys of its tiles, and how many questions these are.
    this.open = new Map();
    this.asked = 0;
    this.wanted = [];
    // When a tile failed last, and how often.
    this.bad = new Map();
    this.timer = 0;
    life.addEventListener("abort", () => this.close());
  }

  /** Give a tile that is kept, or undefined. */
  get(key) {
    const tile = this.kept.get(key);
    if (tile === undefined) return undefined;
    // A map keeps the order of insertion: the first is the least recently used.
    this.kept.delete(key);
    this.kept.set(key, tile);
    return tile;
  }

  has(key) {
    return this.kept.has(key);
  }

  /**
   * Take a new list of questions, the most urgent first; those that are open and not in it are taken back.
   * `ahead` says that nobody waits for them: only a few are asked at once.
   */
  want(questions, ahead = false) {
    this.least = ahead ? OPEN_AHEAD : this.most;
    const named = new Map(questions.map((question) => [keyOf(question), question]));
    for (const asked of new Set(this.open.values())) {
      if (!asked.keys.some((key) => named.has(key))) this.takeBack(asked);
    }
    const now = performance.now();
    const isMissing = (key) => !this.kept.has(key) && !this.open.has(key) && !(now - this.bad.get(key)?.at < AGAIN_MS);
    this.wanted = bundle([...named].filter(([key]) => isMissing(key)));
    this.next();
  }

  /** Say whether anything of the last list is still to come. */
  get busy() {
    return this.open.size > 0;
  }

  next() {
    while (this.asked < this.least && this.wanted.length > 0) this.fetch(this.wanted.shift());
  }

  async fetch(questions) {
    const { layer, ...place } = questions[0][1];
    const asked = { keys: questions.map(([key]) => key), stop: new AbortController() };
    for (const key of asked.keys) this.open.set(key, asked);
    this.asked += 1;
    try {
      const layers = questions.map(([, question]) => question.layer);
      const { content, buffers } = await this.ask("tile", { layers, ...place }, { signal: asked.stop.signal });
      const tiles = await unpack(content, buffers[0]);
      if (asked.stop.signal.aborted) return;
      this.done(asked);
      asked.keys.forEach((key, index) => this.keep(key, tiles[index]));
      this.arrived();
    } catch (error) {
      if (asked.stop.signal.aborted) return;
      this.done(asked);
      const at = performance.now();
      for (const key of asked.keys) this.bad.set(key, { at, times: (this.bad.get(key)?.times ?? 0) + 1 });
      this.tryAgain();
      this.failed(error);
    }
    this.next();
  }

  /** Say, when the next of the failed tiles is due, that they may be asked for: each a few times, ever later. */
  tryAgain() {
    clearTimeout(this.timer);
    const now = performance.now();
    const due = [...this.bad.values()].filter(({ times }) => times <= AGAIN_MOST)
      .map(({ at, times }) => at + AGAIN_MS * 2 ** (times - 1)).filter((each) => each > now);
    if (due.length === 0) return;
    this.timer = setTimeout(() => { this.tryAgain(); this.again(); }, Math.min(...due) - now);
  }

  done(asked) {
    for (const key of asked.keys) this.open.delete(key);
    this.asked -= 1;
  }

  takeBack(asked) {
    this.done(asked);
    asked.stop.abort();
  }

  keep(key, tile) {
    this.bad.delete(key);
    this.kept.set(key, tile);
    this.bytes += tile.codes.byteLength;
    for (const [old, { codes }] of this.kept) {
      if (this.bytes <= this.room || old === key) break;
      this.kept.delete(old);
      this.bytes -= codes.byteLength;
    }
  }

  /** Forget the tiles of some layers (null: all), so that they are asked for again. */
  forget(layers) {
    const gone = (key) => layers === null || layers.includes(key.slice(0, key.indexOf("|")));
    for (const [key, { codes }] of this.kept) {
      if (!gone(key)) continue;
      this.kept.delete(key);
      this.bytes -= codes.byteLength;
    }
    for (const asked of new Set(this.open.values())) if (asked.keys.some(gone)) this.takeBack(asked);
    this.bad.clear();
    clearTimeout(this.timer);
  }

  close() {
    clearTimeout(this.timer);
    this.bad.clear();
    for (const asked of new Set(this.open.values())) this.takeBack(asked);
    this.kept.clear();
    this.wanted = [];
    this.bytes = 0;
  }
}

async function unpack({ tiles, packed }, buffer) {
  const kinds = tiles.map(({ dtype, shape }) => {
    const Type = TYPES[dtype];
    if (Type === undefined) throw new Error(`Tiles of ${dtype} cannot be shown. Update the viewer.`);
    const [height, width, samples = 1] = shape;
    return { Type, height, width, samples, count: height * width * samples };
  });
  const size = kinds.reduce((sum, { Type, count }) => sum + count * Type.BYTES_PER_ELEMENT, 0);
  const sent = buffer.buffer ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
  // Of its own: a buffer of a message may begin anywhere, and would keep the whole message alive.
  const data = packed === "deflate" ? await inflate(sent, size) : sent.slice();
  if (data.byteLength !== size) throw new Error(`Tiles of ${size} bytes came with ${data.byteLength}. Reload the page.`);
  let begin = 0;
  return kinds.map(({ Type, count, ...shape }, index) => {
    const { scale = 1, offset = 0, nan = false } = tiles[index];
    const from = begin;
    begin += count * Type.BYTES_PER_ELEMENT;
    const aligned = from % Type.BYTES_PER_ELEMENT === 0;
    const codes = aligned ? new Type(data.buffer, from, count) : new Type(data.buffer.slice(from, begin));
    return { codes, ...shape, scale, offset, nan };
  });
}

/** Undo zlib. A stream out of a Blob would do it in one line, and go through another process for each tile. */
async function inflate(packed, size) {
  const { readable, writable } = new DecompressionStream("deflate");
  const writer = writable.getWriter();
  // What is wrong with the data is told by the other end.
  writer.write(packed).catch(() => {});
  writer.close().catch(() => {});
  const data = new Uint8Array(size), reader = readable.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return data.subarray(0, at);
    if (at + value.length > size) throw new Error(`Tiles have more than their ${size} bytes. Reload the page.`);
    data.set(value, at);
    at += value.length;
  }
}
