// The tiles that were fetched, and those that are being: at most so many at once, the wanted ones alone, in their order.

const OPEN = 16;
const OPEN_AHEAD = 4;
const BYTES = 256 * 2 ** 20;
const AGAIN_MS = 5000;
const TYPES = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };

/** Give the name under which a tile is kept. */
export function keyOf(question) {
  const { layer, level, t, z, mode, plane, at, row, column, well = "" } = question;
  return [layer, level, t, z, mode, plane, at, row, column, well].join("|");
}

/** Tiles by their key: the least recently used go when they are more than `bytes`. */
export class Tiles {
  constructor(ask, { open = OPEN, bytes = BYTES, arrived, failed, life }) {
    this.ask = ask;
    this.most = this.least = open;
    this.room = bytes;
    this.arrived = arrived;
    this.failed = failed;
    this.kept = new Map();
    this.bytes = 0;
    this.open = new Map();
    this.wanted = [];
    this.bad = new Map();
    this.counts = { asked: 0, answered: 0, cancelled: 0, failed: 0 };
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
    for (const [key, stop] of this.open) {
      if (named.has(key)) continue;
      this.open.delete(key);
      this.counts.cancelled += 1;
      stop.abort();
    }
    this.wanted = [...named].filter(([key]) => !this.kept.has(key));
    this.next();
  }

  /** Say whether anything of the last list is still to come. */
  get busy() {
    return this.open.size > 0;
  }

  next() {
    const now = performance.now();
    while (this.open.size < this.least && this.wanted.length > 0) {
      const [key, question] = this.wanted.shift();
      const tried = this.bad.get(key);
      if (this.open.has(key) || this.kept.has(key) || (tried !== undefined && now - tried < AGAIN_MS)) continue;
      this.fetch(key, question);
    }
  }

  async fetch(key, question) {
    const stop = new AbortController();
    this.open.set(key, stop);
    this.counts.asked += 1;
    try {
      const { content, buffers } = await this.ask("tile", question, { signal: stop.signal });
      const tile = await unpack(content, buffers[0]);
      if (stop.signal.aborted) return;
      this.keep(key, tile);
      this.bad.delete(key);
      this.counts.answered += 1;
      this.open.delete(key);
      this.arrived(key);
    } catch (error) {
      if (stop.signal.aborted) return;
      this.open.delete(key);
      this.counts.failed += 1;
      this.bad.set(key, performance.now());
      this.failed(error, question);
    }
    this.next();
  }

  keep(key, tile) {
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
    for (const [key, stop] of this.open) {
      if (!gone(key)) continue;
      this.open.delete(key);
      stop.abort();
    }
    this.bad.clear();
  }

  close() {
    for (const stop of this.open.values()) stop.abort();
    this.open.clear();
    this.kept.clear();
    this.wanted = [];
    this.bytes = 0;
  }
}

async function unpack(content, buffer) {
  let data = buffer.buffer ? buffer : new DataView(buffer);
  if (content.packed === "deflate") {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
    data = new DataView(await new Response(stream).arrayBuffer());
  }
  const Type = TYPES[content.dtype];
  if (Type === undefined) throw new Error(`Tiles of ${content.dtype} cannot be shown. Update the viewer.`);
  // A copy of its own: a buffer of a message may begin anywhere, and would keep the whole message alive.
  const codes = new Type(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  const [height, width, samples = 1] = content.shape;
  if (codes.length !== height * width * samples) {
    throw new Error(`A tile has ${codes.length} values, but its shape is ${content.shape.join(" × ")}. Reload the page.`);
  }
  return { codes, height, width, samples, scale: content.scale ?? 1, offset: content.offset ?? 0, nan: !!content.nan };
}
