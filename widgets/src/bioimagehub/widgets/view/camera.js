// Where the screen is on the image: its centre, its zoom, and the way from samples to pixels and back.

/** Axes of a plane: those of the rows and columns of its tiles, and how they lie on the screen. */
export const PLANES = {
  yx: { rows: "y", columns: "x", right: "x", down: "y" },
  zx: { rows: "z", columns: "x", right: "x", down: "z" },
  // Turned on the screen, so that y lies beside y of the plane yx.
  zy: { rows: "z", columns: "y", right: "z", down: "y" },
};

const NEAREST = 256;
const AROUND = 0.96;

/** The centre of the screen in samples of level 0 (a whole number is the middle of a sample), and its zoom. */
export class Camera {
  constructor(scene) {
    this.size = scene.size;
    this.spacing = scene.spacing;
    this.origin = scene.origin;
    const like = (axis) => (scene.units[axis] === scene.units.x ? scene.spacing[axis] / scene.spacing.x : 1);
    this.stretch = { x: 1, y: like("y") || 1, z: like("z") || 1 };
    this.x = (scene.size.x - 1) / 2;
    this.y = (scene.size.y - 1) / 2;
    this.z = 0;
    this.zoom = 1;
  }

  /** Give the physical coordinate of a sample. */
  physical(axis, sample) {
    return this.origin[axis] + sample * this.spacing[axis];
  }

  /** Give the sample, with its fraction, at a physical coordinate. */
  sample(axis, physical) {
    return (physical - this.origin[axis]) / this.spacing[axis];
  }

  /** Give the screen pixels of one sample along an axis. */
  scale(axis) {
    return this.zoom * this.stretch[axis];
  }

  /** Give the zoom at which a screen of this size shows the whole plane yx. */
  fitting(width, height) {
    const fit = Math.min(width / this.size.x, height / (this.size.y * this.stretch.y)) * AROUND;
    return Number.isFinite(fit) && fit > 0 ? fit : 1;
  }

  /** Show the whole plane. */
  fit(width, height) {
    this.x = (this.size.x - 1) / 2;
    this.y = (this.size.y - 1) / 2;
    this.zoom = this.fitting(width, height);
  }

  /** Keep the zoom sensible, and the centre of the screen on the image. */
  confine(width, height) {
    const least = Math.min(this.fitting(width, height) / 4, 1);
    this.zoom = Math.min(Math.max(this.zoom, least), NEAREST);
    for (const axis of ["x", "y", "z"]) {
      this[axis] = Math.min(Math.max(this[axis], -0.5), this.size[axis] - 0.5);
    }
  }

  /** Give the window of a pane: `to` and `from` go between samples and its CSS pixels. */
  window(plane, width, height) {
    const { right, down } = PLANES[plane];
    const across = this.scale(right), along = this.scale(down);
    const left = this[right] - width / 2 / across, top = this[down] - height / 2 / along;
    return {
      plane, right, down, across, along, left, top, width, height,
      box: { [right]: [left, left + width / across], [down]: [top, top + height / along] },
      to: (h, v) => [(h - left) * across, (v - top) * along],
      from: (px, py) => [left + px / across, top + py / along],
    };
  }

  /** Move by pixels of a pane, as a hand drags the image. */
  drag(plane, dx, dy) {
    const { right, down } = PLANES[plane];
    this[right] -= dx / this.scale(right);
    this[down] -= dy / this.scale(down);
  }

  /** Zoom by a factor, so that what is at a pixel of a pane stays there. */
  zoomAt(plane, factor, px, py, width, height) {
    const [h, v] = this.window(plane, width, height).from(px, py);
    const { right, down } = PLANES[plane];
    this.zoom *= factor;
    this.confine(width, height);
    this[right] = h - (px - width / 2) / this.scale(right);
    this[down] = v - (py - height / 2) / this.scale(down);
    this.confine(width, height);
  }
}
