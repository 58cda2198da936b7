// What keeps the screen up to date: draws when something changed, asks for the tiles in sight, saves where it is.

import { Camera } from "./camera.js";
import { chooseGround, chooseLevel, countTiles, halve, listTiles } from "./grid.js";
import { Painter, groupLayers, questionsOf } from "./painter.js";
import { Tiles, keyOf } from "./tiles.js";

const STILL_MS = 150;
const PLAN_MS = 50;
const MOST = 400;
const AHEAD = 48;
const IDLE_MS = 300;
const GROUND = 3;

const isNear = (a, b) => Math.abs(a - b) <= Math.abs(b) * 1e-9;

/** The screen of one view: its panes, its camera, its tiles. The functions in `above` draw over each pane; false says that more is to come. */
export class Screen {
  constructor({ scene, model, ask, life, onProblem }) {
    Object.assign(this, { scene, model, ask, life, panes: [], above: [], still: [], sharp: false, main: null });
    this.camera = new Camera(scene);
    this.tiles = new Tiles(ask, {
      life,
      arrived: () => this.redraw(),
      failed: (error) => { onProblem(error); this.redraw(); },
      again: () => this.changed(),
    });
    this.painter = new Painter(this.tiles, life);
    this.saving = false;
    this.fitted = null;
    // Whether the traits say where to look, and the camera is not there.
    this.missed = true;
    this.pending = { frame: 0, plan: 0, still: 0, ahead: 0 };
    this.pointer = null;
    this.planned = 0;
    life.addEventListener("abort", () => {
      cancelAnimationFrame(this.pending.frame);
      clearTimeout(this.pending.plan);
      clearTimeout(this.pending.still);
      clearTimeout(this.pending.ahead);
      for (const pane of this.panes) pane.close();
    });
  }

  get looks() {
    return this.model.get("looks") ?? {};
  }

  /** The two sides of a comparison, or null. */
  get swipe() {
    const swipe = this.model.get("swipe");
    return swipe?.left && swipe.right ? swipe : null;
  }

  /** The mode, with what a scene without depth cannot have left out. */
  get mode() {
    return this.scene.size.z > 1 ? this.model.get("mode") : "slice";
  }

  /** The place on the axes that the plane yx does not have, as whole samples. */
  get at() {
    const whole = (axis) => Math.min(Math.max(Math.round(this.camera[axis]), 0), this.scene.size[axis] - 1);
    const { mode } = this;
    const z = mode === "orthogonal" ? whole("z") : this.model.get("z");
    return { t: this.model.get("t"), z, mode, well: this.model.get("well"), field: this.model.get("field"), fixed: { zx: whole("y"), zy: whole("x") } };
  }

  /** Take the centre and the zoom from the traits. */
  readTraits() {
    const { camera, model } = this;
    // While this view sets them one by one they do not belong together.
    if (this.saving) return;
    // What has no size can neither fit the image nor be drawn: it is read once it has one.
    this.missed = !this.main?.shown;
    if (this.missed) return;
    if (!model.get("zoom")) {
      camera.z = model.get("z");
      return this.fit();
    }
    // The kernel took what this page told it, and the user may have gone on since.
    if (this.fitted && ["x", "y", "zoom"].every((name) => isNear(model.get(name), this.fitted[name]))) return;
    this.fitted = null;
    camera.z = model.get("z");
    camera.x = camera.sample("x", model.get("x"));
    camera.y = camera.sample("y", model.get("y"));
    camera.zoom = model.get("zoom");
    this.changed();
  }

  /**
   * Show all of the image, and tell the kernel of it. That is not done by the traits: while a page waits for the echo of
   * its own change, it drops what Python sets, and a cell that sets the zoom may run at this very moment.
   */
  fit() {
    const { camera } = this;
    camera.fit(this.main.width, this.main.height);
    camera.confine(this.main.width, this.main.height);
    this.fitted = this.readCamera();
    this.model.send({ fitted: this.fitted });
    this.changed();
    clearTimeout(this.pending.still);
    this.pending.still = setTimeout(() => this.rest(), STILL_MS);
  }

  /** Where the camera is, in the units of the image. */
  readCamera() {
    const { camera } = this;
    return { x: camera.physical("x", camera.x), y: camera.physical("y", camera.y), zoom: camera.zoom };
  }

  /** The user moved: draw at once, ask soon, save when it is still. */
  moved() {
    if (this.main?.shown) this.camera.confine(this.main.width, this.main.height);
    this.changed();
    clearTimeout(this.pending.still);
    this.pending.still = setTimeout(() => this.save(), STILL_MS);
  }

  /** Save now what a moment of stillness would save. */
  save() {
    clearTimeout(this.pending.still);
    const { camera, model } = this;
    const state = this.readCamera();
    this.fitted = null;
    if (this.mode === "orthogonal") state.z = Math.round(Math.min(Math.max(camera.z, 0), this.scene.size.z - 1));
    let any = false;
    this.saving = true;
    for (const [name, value] of Object.entries(state)) {
      if (isNear(model.get(name), value)) continue;
      model.set(name, value);
      any = true;
    }
    this.saving = false;
    if (any) model.save_changes();
    this.rest();
  }

  /** Tell those who wait for it that nothing moves any more. */
  rest() {
    for (const each of this.still) each();
  }

  /** Something else is shown: draw, and ask for what is in sight. */
  changed() {
    this.redraw();
    if (this.pending.plan) return;
    const wait = Math.max(0, this.planned + PLAN_MS - performance.now());
    this.pending.plan = setTimeout(() => this.plan(), wait);
  }

  redraw() {
    if (this.pending.frame || this.life.aborted) return;
    this.pending.frame = requestAnimationFrame(() => {
      this.pending.frame = 0;
      this.draw();
    });
  }

  /** Take the size of the panes on the page. */
  measure() {
    const ratio = globalThis.devicePixelRatio || 1;
    const any = this.panes.map((pane) => pane.measure(ratio)).some(Boolean);
    if (any) this.changed();
    return any;
  }

  draw() {
    const { scene, camera, painter, looks, at } = this;
    if (this.life.aborted) return;
    painter.begin();
    let sharp = true, above = true;
    for (const pane of this.panes) {
      if (!pane.shown) continue;
      const swipe = pane === this.main ? this.swipe : null;
      sharp = pane.draw({ scene, looks, camera, painter, at, swipe }) && sharp;
      const context = pane.beginAbove();
      for (const draw of this.above) above = draw(context, pane, pane.window(camera)) !== false && above;
    }
    this.sharp = sharp && above;
    this.main.element.parentElement.setAttribute("aria-busy", String(!above || (!sharp && (this.tiles.busy || painter.late || !!this.pending.plan))));
    if (painter.late) this.redraw();
    if (!sharp || this.pending.plan || this.ahead || this.pending.ahead) return;
    // Who plays waits for the next time; who moves goes on soon, and nothing must be in the way then.
    this.pending.ahead = setTimeout(() => this.lookAhead(), this.model.get("playing") ? 0 : IDLE_MS);
  }

  /** Ask for the tiles in sight: a coarse picture of everything first, then the sharp ones from the middle out. */
  plan() {
    clearTimeout(this.pending.plan);
    clearTimeout(this.pending.ahead);
    this.pending.plan = this.pending.ahead = 0;
    this.planned = performance.now();
    this.ahead = false;
    if (this.life.aborted) return;
    const ground = [], sharp = [];
    for (const { pane, window, group } of this.sights()) {
      const add = (list, level) => {
        for (const tile of listTiles(this.scene, level, window)) list.push(...questionsOf(group, level, this.at, pane.plane, tile));
      };
      const wanted = chooseLevel(this.scene.levels, group.levels, window, pane.ratio);
      const coarse = chooseGround(this.scene, group.levels, window);
      const fewer = countTiles(this.scene, coarse, window) * 4 <= countTiles(this.scene, wanted, window);
      if (coarse > wanted && fewer && !this.hasGround(pane, window, group, wanted)) add(ground, coarse);
      add(sharp, wanted);
    }
    this.now = [...ground, ...sharp].slice(0, MOST);
    this.tiles.want(this.now);
    this.redraw();
  }

  /** Say whether a level that is not much coarser is there already, as after zooming in. */
  hasGround(pane, window, group, wanted) {
    const last = Math.min(wanted + GROUND, group.levels - 1);
    for (let level = wanted + 1; level <= last; level += 1) {
      const tiles = listTiles(this.scene, level, window).flatMap((tile) => questionsOf(group, level, this.at, pane.plane, tile));
      if (tiles.every((question) => this.tiles.has(keyOf(question)))) return true;
    }
    return false;
  }

  /**
   * Fetch what will probably be looked at next, when nothing else is to do: the next times while it plays, and else what
   * is around the screen, and what zooming in at the pointer would show.
   */
  lookAhead() {
    this.pending.ahead = 0;
    if (this.ahead || this.tiles.busy || this.life.aborted) return;
    this.ahead = true;
    const around = [], nearer = [];
    const { t } = this.at, last = this.scene.size.t - 1;
    for (const { pane, window, group } of this.sights()) {
      const level = chooseLevel(this.scene.levels, group.levels, window, pane.ratio);
      const add = (list, tiles, index, at) => {
        for (const tile of tiles) list.push(...questionsOf(group, index, at, pane.plane, tile));
      };
      if (this.model.get("playing")) {
        for (const later of [t + 1, t + 2]) add(around, listTiles(this.scene, level, window), level, { ...this.at, t: later > last ? 0 : later });
      } else if (pane === this.main) {
        add(around, listTiles(this.scene, level, window, 1), level, this.at);
        if (level > 0) add(nearer, listTiles(this.scene, level - 1, halve(window, this.pointer)), level - 1, this.at);
      }
    }
    const missing = (list) => list.filter((question) => !this.tiles.has(keyOf(question))).slice(0, AHEAD);
    const next = [...missing(around), ...missing(nearer)];
    if (next.length > 0) this.tiles.want(next, true);
  }

  * sights() {
    const { swipe } = this;
    const groups = swipe
      ? [...groupLayers(this.scene, this.looks, (id) => swipe.left.includes(id) || !swipe.right.includes(id)),
        ...groupLayers(this.scene, this.looks, (id) => swipe.right.includes(id) || !swipe.left.includes(id))]
      : groupLayers(this.scene, this.looks);
    for (const pane of this.panes) {
      if (!pane.shown) continue;
      for (const group of groups) yield { pane, window: pane.window(this.camera), group };
    }
  }

  /** The pixels changed in the kernel: ask again. */
  forget(layers) {
    this.tiles.forget(layers);
    this.painter.forget(layers);
    this.changed();
  }
}
