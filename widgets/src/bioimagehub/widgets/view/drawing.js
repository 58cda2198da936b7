// The tools: shapes are drawn, chosen, moved and deleted, with the mouse or with the keyboard.

import { drawCross } from "./overlay.js";
import { KINDS, distance, drawShape, sizeOf } from "./shapes.js";

const NEAR = 8;
const SLIP = 4;
const CROSS_STEP = 10;
const CROSS_LONG = 50;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The tool in hand, and the shape that is being made or changed. */
export class Drawing {
  constructor(screen, { say }) {
    Object.assign(this, { screen, model: screen.model, say, draft: null, held: null, cross: null, vertex: -1 });
    screen.above.push((context, pane, window) => this.draw(context, pane, window));
    const redraw = () => screen.redraw();
    const retool = () => { this.cancel(); this.cross = null; };
    const events = { "change:shapes": redraw, "change:selected": redraw, "change:tool": retool };
    for (const [name, act] of Object.entries(events)) this.model.on(name, act);
    screen.life.addEventListener("abort", () => {
      for (const [name, act] of Object.entries(events)) this.model.off(name, act);
    });
  }

  get kind() {
    const tool = this.model.get("tool");
    return tool in KINDS ? tool : null;
  }

  get shapes() {
    return this.model.get("shapes") ?? [];
  }

  get chosen() {
    const selected = this.model.get("selected");
    return selected?.kind === "shape" ? this.shapes.find(({ id }) => id === selected.id) ?? null : null;
  }

  /** Say whether a shape lies in what is shown. */
  visible(shape) {
    const { t, z, mode } = this.screen.at;
    return (shape.t ?? t) === t && (mode !== "slice" || (shape.z ?? z) === z);
  }

  /** Give the physical point at a pixel, [y, x]. */
  point([px, py], pane = this.screen.main) {
    const { camera } = this.screen;
    const [h, v] = pane.window(camera).from(px, py);
    return [camera.physical("y", v), camera.physical("x", h)];
  }

  pixel(window = this.screen.main.window(this.screen.camera)) {
    const { camera } = this.screen;
    return ([y, x]) => window.to(camera.sample("x", x), camera.sample("y", y));
  }

  save(shapes) {
    this.model.set("shapes", shapes);
    this.model.save_changes();
    this.screen.redraw();
  }

  choose(id) {
    this.vertex = -1;
    this.model.set("selected", id === null ? null : { kind: "shape", id });
    this.model.save_changes();
  }

  remove(id) {
    const gone = this.shapes.find((shape) => shape.id === id);
    if (!gone) return;
    this.save(this.shapes.filter((shape) => shape.id !== id));
    if (this.model.get("selected")?.id === id) this.choose(null);
    this.say(`${gone.kind} deleted`);
  }

  cancel() {
    this.draft = this.held = null;
    this.screen.redraw();
  }

  commit() {
    const { kind, points } = this.draft;
    this.draft = null;
    const least = { point: 1, line: 2, box: 2, polygon: 3 }[kind];
    if (points.length < least) return this.cancel();
    const { t, z } = this.screen.at;
    const id = Math.random().toString(36).slice(2, 10);
    const shape = { id, kind, t, z, points, name: "" };
    this.save([...this.shapes, shape]);
    this.choose(id);
    this.say(`${kind} drawn, ${sizeOf(shape, this.screen.scene.units)}`);
  }

  /** Put a point of the draft; gives nothing. */
  put(point, near = () => false) {
    const { kind } = this;
    if (this.draft === null) this.draft = { kind, points: [point] };
    else if (kind === "polygon" && this.draft.points.length > 2 && near(this.draft.points[0])) return this.commit();
    else this.draft.points.push(point);
    if (this.draft.points.length === KINDS[kind]) this.commit();
    this.screen.redraw();
  }

  down(event, here, pane) {
    if (pane !== this.screen.main) return false;
    const point = this.point(here, pane);
    if (this.kind === null) return this.hold(event, here, pane);
    event.preventDefault();
    this.cross = null;
    pane.element.setPointerCapture(event.pointerId);
    const to = this.pixel();
    const near = (other) => { const [x, y] = to(other); return Math.hypot(x - here[0], y - here[1]) < NEAR; };
    this.put(point, near);
    this.held = this.draft && KINDS[this.kind] === 2 ? { from: here } : { from: null };
    return true;
  }

  /** Take hold of a point of the chosen shape, where the pointer is on one. */
  hold(event, [px, py], pane) {
    const shape = this.chosen;
    if (!shape || !this.visible(shape)) return false;
    const to = this.pixel();
    const vertex = shape.points.findIndex((point) => { const [x, y] = to(point); return Math.hypot(x - px, y - py) < NEAR; });
    if (vertex < 0) return false;
    event.preventDefault();
    pane.element.setPointerCapture(event.pointerId);
    this.vertex = vertex;
    this.held = { shape: shape.id, vertex };
    return true;
  }

  move(event, here, pane) {
    if (pane !== this.screen.main) return false;
    this.rubber = this.draft ? this.point(here, pane) : null;
    if (this.held?.shape) {
      const moved = this.chosen && { ...this.chosen, points: this.chosen.points.with(this.held.vertex, this.point(here, pane)) };
      this.held.moved = moved;
    }
    if (this.draft || this.held?.shape) this.screen.redraw();
    return this.held !== null;
  }

  up(event, here, pane) {
    const { held } = this;
    if (held === null) return false;
    this.held = null;
    if (event.type === "pointercancel") return true;
    if (held.moved) this.save(this.shapes.map((shape) => (shape.id === held.shape ? held.moved : shape)));
    else if (held.from && this.draft && Math.hypot(here[0] - held.from[0], here[1] - held.from[1]) > SLIP) this.put(this.point(here, pane));
    return true;
  }

  twice() {
    if (this.kind === null) return false;
    if (this.kind === "polygon" && this.draft) {
      // The second click of the two has put a point of its own.
      this.draft.points.pop();
      this.commit();
    }
    return true;
  }

  /** Choose what lies at a pixel of the main pane; gives whether there was a shape. */
  click([px, py]) {
    const to = this.pixel();
    const hit = this.shapes.filter((shape) => this.visible(shape))
      .map((shape) => [distance(shape, to, px, py), shape]).filter(([far]) => far <= NEAR).sort((a, b) => a[0] - b[0])[0];
    if (!hit) return false;
    this.choose(hit[1].id);
    this.say(`${hit[1].kind} ${hit[1].name || ""} chosen`);
    return true;
  }

  key(event) {
    const { key } = event;
    if (key === "Escape") return this.escape();
    const shape = this.chosen;
    // What is not seen is not changed.
    if (shape && this.visible(shape) && !this.draft) {
      if (key === "Delete" || key === "Backspace") { this.remove(shape.id); return true; }
      if (key === "n") { this.vertex = (this.vertex + 1) % shape.points.length; this.screen.redraw(); return true; }
      if (event.altKey && key in ARROWS) { this.nudge(shape, ARROWS[key], event.shiftKey ? 10 : 1); return true; }
    }
    if (this.kind === null || event.altKey) return false;
    if (key in ARROWS) this.moveCross(ARROWS[key], event.shiftKey ? CROSS_LONG : CROSS_STEP);
    else if (key === "Enter" || key === " ") this.putCross();
    else if (key === "c" && this.kind === "polygon" && this.draft) this.commit();
    else if (key === "Backspace" && this.draft) { this.draft.points.pop(); if (!this.draft.points.length) this.draft = null; this.screen.redraw(); }
    else return false;
    return true;
  }

  escape() {
    if (this.draft) this.cancel();
    else if (this.kind !== null) { this.model.set("tool", "pan"); this.model.save_changes(); this.say("Move"); }
    else if (this.model.get("selected")) this.choose(null);
    else return false;
    return true;
  }

  nudge(shape, [dx, dy], far) {
    const { spacing } = this.screen.scene;
    const moved = shape.points.map(([y, x], index) =>
      (this.vertex >= 0 && index !== this.vertex ? [y, x] : [y + dy * far * spacing.y, x + dx * far * spacing.x]));
    this.save(this.shapes.map((each) => (each.id === shape.id ? { ...shape, points: moved } : each)));
  }

  moveCross([dx, dy], far) {
    const { main, camera } = this.screen;
    const [x, y] = this.cross ?? [main.width / 2, main.height / 2];
    const next = [x + dx * far, y + dy * far];
    this.cross = [Math.min(Math.max(next[0], 0), main.width), Math.min(Math.max(next[1], 0), main.height)];
    // At the rim of the screen the image moves instead.
    if (this.cross[0] !== next[0] || this.cross[1] !== next[1]) {
      camera.drag("yx", this.cross[0] - next[0], this.cross[1] - next[1]);
      this.screen.moved();
    }
    this.rubber = this.draft ? this.point(this.cross) : null;
    this.onCross?.(this.cross);
    this.screen.redraw();
  }

  putCross() {
    const { main } = this.screen;
    this.cross ??= [main.width / 2, main.height / 2];
    const to = this.pixel();
    const near = (other) => { const [x, y] = to(other); return Math.hypot(x - this.cross[0], y - this.cross[1]) < NEAR; };
    this.put(this.point(this.cross), near);
    if (this.draft) this.say(`Point ${this.draft.points.length}`);
  }

  draw(context, pane, window) {
    if (pane !== this.screen.main) return;
    const to = this.pixel(window), chosen = this.chosen;
    for (const shape of this.shapes) {
      if (!this.visible(shape)) continue;
      const shown = this.held?.moved?.id === shape.id ? this.held.moved : shape;
      drawShape(context, shown, to, { chosen: shape.id === chosen?.id, vertex: shape.id === chosen?.id ? this.vertex : -1 });
    }
    if (this.draft) {
      const points = this.rubber ? [...this.draft.points, this.rubber] : this.draft.points;
      drawShape(context, { ...this.draft, points, name: "" }, to, { open: this.draft.kind === "polygon" });
    }
    if (this.cross && this.kind !== null) drawCross(context, ...this.cross);
  }
}
