// Three planes through one point: the panes beside the image, and the cross that says where they cut it.

import { coordinate, unitOf } from "./overlay.js";
import { make } from "../page.js";
import { Pane } from "./pane.js";

const LINES = { x: "#e69f00", y: "#56b4e9", z: "#f0e442" };

/** Make the panes of a screen. Gives `{ panes, corner, arrange() }`; the first of the panes is the main one. */
export function makePanes(screen) {
  const main = new Pane("yx", "Image");
  const panes = screen.scene.size.z > 1
    ? [main, new Pane("zx", "Plane of z and x"), new Pane("zy", "Plane of z and y")] : [main];
  const corner = make("div", { class: "bih-view-corner" });
  screen.panes = panes;
  screen.main = main;
  screen.above.push((context, pane, window) => {
    if (screen.mode !== "orthogonal") return;
    const { camera } = screen;
    const [x, y] = window.to(camera[window.right], camera[window.down]).map((value) => Math.round(value) + 0.5);
    const line = (axis, ...points) => {
      context.strokeStyle = LINES[axis];
      context.globalAlpha = 0.8;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(...points[0]);
      context.lineTo(...points[1]);
      context.stroke();
      context.globalAlpha = 1;
    };
    line(window.right, [x, 0], [x, pane.height]);
    line(window.down, [0, y], [pane.width, y]);
    if (pane !== screen.main) return;
    const unit = unitOf(screen.scene.units.x);
    corner.replaceChildren(...["x", "y", "z"].map((axis) => make("div", {},
      make("b", { style: `color: ${LINES[axis]}` }, axis), ` ${coordinate(camera.physical(axis, camera[axis]), screen.scene.spacing[axis])} ${unit}`)));
  });
  const arrange = (stage) => {
    const three = screen.mode === "orthogonal";
    stage.classList.toggle("bih-view-three", three);
    for (const pane of panes.slice(1)) pane.element.hidden = !three;
    corner.hidden = !three;
  };
  return { panes, corner, arrange };
}
