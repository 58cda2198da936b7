// A picture of what is on the screen, with its scale bar, its title, its citation and its licence.

const LINE = 18;
const ROOM = 10;
const PART = 900_000;
const MOST_LINES = 4;

/** Draw the panes of a stage as they are on the screen, and what the image is under them; gives a PNG. */
export async function takeSnapshot(screen, stage) {
  const { scene } = screen;
  const ratio = screen.main.ratio;
  const box = stage.getBoundingClientRect();
  const measure = new OffscreenCanvas(1, 1).getContext("2d");
  measure.font = fontOf(12);
  const lines = [scene.title, scene.citation, scene.licence].filter(Boolean)
    .flatMap((text) => wrap(measure, String(text).slice(0, 600), box.width - 2 * ROOM)).slice(0, MOST_LINES * 2);
  const under = lines.length ? lines.length * LINE + 2 * ROOM - 4 : 0;
  const canvas = new OffscreenCanvas(Math.round(box.width * ratio), Math.round((box.height + under) * ratio));
  const context = canvas.getContext("2d");
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const pane of screen.panes.filter(({ shown }) => shown)) {
    const place = pane.element.getBoundingClientRect();
    const at = [(place.left - box.left + pane.element.clientLeft) * ratio, (place.top - box.top + pane.element.clientTop) * ratio].map(Math.round);
    context.drawImage(pane.canvas, ...at);
    context.drawImage(pane.above, ...at);
  }
  context.scale(ratio, ratio);
  context.fillStyle = "#fff";
  context.fillRect(0, box.height, box.width, under);
  context.fillStyle = "#1a1a1a";
  lines.forEach((line, index) => {
    context.font = fontOf(12, index === 0 && scene.title ? 600 : 400);
    context.fillText(line, ROOM, box.height + ROOM + 10 + index * LINE);
  });
  const png = await canvas.convertToBlob({ type: "image/png" });
  const size = { width: canvas.width, height: canvas.height };
  canvas.width = canvas.height = 0;
  return { png, ...size };
}

/** Give a picture to the kernel, in parts that fit into messages; gives where it was written. */
export async function sendSnapshot(ask, { png, width, height }, key, signal) {
  const bytes = await png.arrayBuffer();
  const parts = Math.max(1, Math.ceil(bytes.byteLength / PART));
  let path = null;
  for (let part = 0; part < parts; part += 1) {
    const buffers = [bytes.slice(part * PART, (part + 1) * PART)];
    const { content } = await ask("snapshot", { part, parts, key, width, height }, { buffers, signal });
    path = content.path ?? path;
  }
  return path;
}

function fontOf(size, weight = 400) {
  return `${weight} ${size}px system-ui, sans-serif`;
}

function wrap(context, text, width) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line ? `${line} ${word}` : word;
    if (line && context.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else line = longer;
    if (lines.length >= MOST_LINES) return lines;
  }
  return line ? [...lines, line] : lines;
}
