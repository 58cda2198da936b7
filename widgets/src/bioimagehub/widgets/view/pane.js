// One plane of the image on the screen: a canvas of pixels, and a canvas of what lies above them.

import { make } from "../page.js";
import { groupLayers } from "./painter.js";

const OUTSIDE = "#191d20";

/** A pane shows one of the planes `yx`, `zx`, `zy`. */
export class Pane {
  constructor(plane, label) {
    this.plane = plane;
    this.canvas = make("canvas", { class: "bih-view-pixels", role: "img", "aria-label": label });
    this.above = make("canvas", { class: "bih-view-above", "aria-hidden": "true" });
    this.element = make("div", { class: `bih-view-pane bih-view-${plane}` }, this.canvas, this.above);
    this.width = this.height = 0;
    this.scratchCanvas = null;
  }

  /** Take the size of the element and the pixels of the device; gives whether it changed. */
  measure(ratio) {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (this.width === width && this.height === height && this.ratio === ratio) return false;
    Object.assign(this, { width, height, ratio });
    for (const canvas of [this.canvas, this.above]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.scratchCanvas = null;
    return true;
  }

  get shown() {
    return this.width > 0 && this.height > 0;
  }

  window(camera) {
    return camera.window(this.plane, this.width, this.height);
  }

  /** Draw the layers; gives whether all in sight is sharp. */
  draw({ scene, looks, camera, painter, at, swipe }) {
    const context = this.canvas.getContext("2d", { alpha: false });
    const { width, height } = this.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    const window = this.window(camera);
    const { right, down } = window;
    context.fillStyle = OUTSIDE;
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#000";
    const [begin, top] = window.to(-0.5, -0.5).map((value) => Math.round(value * this.ratio));
    const [end, bottom] = window.to(scene.size[right] - 0.5, scene.size[down] - 0.5).map((value) => Math.round(value * this.ratio));
    context.fillRect(begin, top, end - begin, bottom - top);
    const scratch = () => {
      this.scratchCanvas ??= new OffscreenCanvas(width, height);
      return this.scratchCanvas.getContext("2d");
    };
    const show = (only, clip) => painter.draw(
      context, scene, groupLayers(scene, looks, only), looks, window, this.ratio, at, scratch, clip);
    if (!swipe) return show(null, null);
    const cut = Math.round(width * Math.min(Math.max(swipe.at, 0), 1));
    const side = (mine, others, from, to) => {
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, height);
      context.clip();
      const sharp = show((id) => mine.includes(id) || !others.includes(id), [from, to]);
      context.restore();
      return sharp;
    };
    const left = side(swipe.left, swipe.right, 0, cut);
    return side(swipe.right, swipe.left, cut, width) && left;
  }

  /** Give the context of what lies above, empty and in CSS pixels. */
  beginAbove() {
    const context = this.above.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.above.width, this.above.height);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    return context;
  }

  close() {
    for (const canvas of [this.canvas, this.above]) canvas.width = canvas.height = 0;
    this.scratchCanvas = null;
  }
}
