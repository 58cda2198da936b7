// Hands on the image: drag, wheel, pinch and double click; and the keys that do the same.

const WHEEL = 0.0018;
const STEP = 1.25;
const SLIP = 4;
const TWICE = 2;

/** Let a hand move the camera in one pane. `tool` may take the pointer first; `click` hears of clicks that moved nothing. */
export function listenToPointer(pane, screen, { life, tool, click, hover, hint, index }) {
  const { element } = pane;
  const hands = new Map();
  let moved = false;
  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const on = (name, act, options = {}) => element.addEventListener(name, act, { signal: life, ...options });

  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    // The page may have got another size a moment ago, and tell of it in the next frame.
    screen.measure();
    element.closest(".bih-view-stage").focus({ preventScroll: true });
    if (hands.size === 0 && tool?.down(event, at(event), pane)) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    hands.set(event.pointerId, at(event));
    moved = false;
  });
  on("pointermove", (event) => {
    const here = at(event);
    hover?.(here, pane);
    if (tool?.move(event, here, pane)) return;
    const before = hands.get(event.pointerId);
    if (before === undefined) return;
    if (!moved && hands.size === 1 && Math.hypot(here[0] - before[0], here[1] - before[1]) < SLIP) return;
    moved = true;
    if (hands.size === TWICE) pinch(event.pointerId, here);
    else screen.camera.drag(pane.plane, here[0] - before[0], here[1] - before[1]);
    hands.set(event.pointerId, here);
    screen.moved();
  });
  const up = (event) => {
    const here = at(event);
    if (tool?.up(event, here, pane)) return;
    if (!hands.delete(event.pointerId)) return;
    if (!moved && hands.size === 0 && event.type === "pointerup") click?.(here, pane, event);
  };
  on("pointerup", up);
  on("pointercancel", up);
  on("pointerleave", () => hover?.(null, pane));
  on("dblclick", (event) => {
    if (tool?.twice(event)) return;
    event.preventDefault();
    screen.camera.zoomAt(pane.plane, event.shiftKey ? 1 / TWICE : TWICE, ...at(event), pane.width, pane.height);
    screen.moved();
  });
  on("wheel", (event) => {
    // Without the focus the wheel belongs to the notebook, which must scroll past; a pinch comes as a wheel with Ctrl.
    const focused = element.closest(".bih-view-stage").matches(":focus-within");
    if (!focused && !event.ctrlKey && !event.metaKey) return hint();
    event.preventDefault();
    screen.measure();
    const lines = event.deltaMode === 1 ? 24 : 1;
    const far = (event.deltaY || event.deltaX) * lines;
    if (event.shiftKey) return index("z", Math.sign(far));
    if (event.altKey) return index("t", Math.sign(far));
    const factor = Math.exp(-Math.min(Math.max(far, -400), 400) * WHEEL * (event.ctrlKey ? 3 : 1));
    screen.camera.zoomAt(pane.plane, factor, ...at(event), pane.width, pane.height);
    screen.moved();
  }, { passive: false });

  function pinch(id, here) {
    const [still] = [...hands].filter(([each]) => each !== id).map(([, place]) => place);
    const before = hands.get(id);
    const wide = (a, b) => Math.max(8, Math.hypot(a[0] - b[0], a[1] - b[1]));
    const middle = [(here[0] + still[0]) / 2, (here[1] + still[1]) / 2];
    screen.camera.drag(pane.plane, (here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
    screen.camera.zoomAt(pane.plane, wide(here, still) / wide(before, still), ...middle, pane.width, pane.height);
  }
}

/** Zoom about the middle of the main pane. */
export function zoomBy(screen, factor) {
  const { camera, main } = screen;
  camera.zoomAt("yx", factor, main.width / 2, main.height / 2, main.width, main.height);
  screen.moved();
}

/** Show the whole image. */
export function fit(screen) {
  screen.camera.fit(screen.main.width, screen.main.height);
  screen.moved();
}

/**
 * Let keys do what hands do. `acts` are functions by the name of the key; `tool` may take a key first.
 */
export function listenToKeys(stage, screen, { life, tool, acts }) {
  const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  stage.addEventListener("keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey) return;
    const { key } = event;
    const done = () => { event.preventDefault(); event.stopPropagation(); };
    if (tool?.key(event)) return done();
    if (event.altKey) return;
    if (key in steps) {
      const [dx, dy] = steps[key];
      const far = event.shiftKey ? 0.5 : 0.1;
      screen.camera.drag("yx", dx * far * screen.main.width, dy * far * screen.main.height);
      screen.moved();
    } else if (key === "+" || key === "=") zoomBy(screen, STEP);
    else if (key === "-" || key === "_") zoomBy(screen, 1 / STEP);
    else if (key === "0") fit(screen);
    else if (key in acts) acts[key]();
    else return;
    done();
  }, { signal: life });
}
