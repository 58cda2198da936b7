// The line between what is left and what is right of it, in comparisons.

import { make } from "../page.js";

const STEP = 0.02;

/** Make the line. It shows the trait `swipe`, and moves it. Gives the element. */
export function makeSwipe(screen) {
  const { model, life, scene } = screen;
  const left = make("span", { class: "bih-view-side", dir: "auto" }), right = make("span", { class: "bih-view-side", dir: "auto" });
  const handle = make("div", {
    class: "bih-view-handle", role: "slider", tabIndex: 0, "aria-label": "Line between both sides",
    "aria-valuemin": 0, "aria-valuemax": 100,
  });
  const element = make("div", { class: "bih-view-swipe", hidden: true }, left, right, handle);
  let timer = 0;
  const set = (at) => {
    model.set("swipe", { ...screen.swipe, at: Math.min(Math.max(at, 0), 1) });
    clearTimeout(timer);
    timer = setTimeout(() => model.save_changes(), 150);
  };
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    event.stopPropagation();
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const box = screen.main.element.getBoundingClientRect();
    set((event.clientX - box.left) / box.width);
  });
  handle.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -1, End: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    set(screen.swipe.at + by);
  });
  const names = (ids) => ids.map((id) => scene.layers.find((layer) => layer.id === id)?.name).filter(Boolean).join(", ").slice(0, 80);
  const show = () => {
    const { swipe } = screen;
    element.hidden = !swipe;
    if (swipe) {
      const at = Math.min(Math.max(swipe.at ?? 0.5, 0), 1) * 100;
      handle.style.left = `${at}%`;
      left.style.right = `${100 - at}%`;
      right.style.left = `${at}%`;
      left.textContent = names(swipe.left);
      right.textContent = names(swipe.right);
      handle.setAttribute("aria-valuenow", Math.round(at));
      handle.setAttribute("aria-valuetext", `${Math.round(at)} %`);
    }
    screen.changed();
  };
  model.on("change:swipe", show);
  life.addEventListener("abort", () => { clearTimeout(timer); model.off("change:swipe", show); });
  show();
  return element;
}
