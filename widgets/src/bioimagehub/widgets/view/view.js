// The viewer: puts the parts on the page and lets them hear of the traits.

import { makeAsking } from "../asking.js";
import { make, makeProblem, makeRoot, makeSpoken } from "../page.js";
import { makeStage } from "./stage.js";

const WAIT_MS = 150;

export default {
  render({ model, el, signal }) {
    // The notebook keeps what is returned for as long as the model lives: it must hold nothing of the page.
    let end = new AbortController();
    const close = () => {
      end?.abort();
      end = null;
    };
    signal?.addEventListener("abort", close, { once: true });
    show(model, el, end.signal);
    return close;
  },
};

/** Put a viewer into an element, until its life ends. */
function show(model, el, life) {
  const root = makeRoot("view", "Image viewer", life);
  const ask = makeAsking(model, life);
  const problem = makeProblem(model, life, ".bih-view-stage");
  const { line, say } = makeSpoken();
  const body = make("div", { class: "bih-view-body" });
  root.append(problem.box, body, line);
  el.append(root);

  let inner = new AbortController(), stage = null;
  const onProblem = (error) => { if (error?.name !== "AbortError" && !life.aborted) problem.show(error); };
  const build = () => {
    inner.abort();
    inner = new AbortController();
    body.replaceChildren();
    const scene = model.get("scene");
    stage = null;
    if (!scene?.layers?.length) return wait(model.get("problem") ? "There is nothing to show." : "The image is being opened…");
    root.setAttribute("aria-label", `Image viewer: ${String(scene.title || "image").slice(0, 200)}`);
    stage = makeStage({ scene, model, ask, life: inner.signal, onProblem, say });
    body.append(...stage.elements);
    if (line.textContent) say("The image is shown.");
  };
  const wait = (text) => {
    // Screen readers have it from the line, which was there before its text.
    body.replaceChildren(make("p", { class: "bih-view-nothing", "aria-hidden": "true" }, text));
    say(text);
  };
  const failed = () => { if (stage === null && model.get("problem")) build(); };
  model.on("change:scene", build);
  model.on("change:problem", failed);
  const told = (message, buffers) => stage?.told(message, buffers);
  model.on("msg:custom", told);
  build();

  // The page alone knows how wide it is; Python reads it to make pictures of the same shape.
  let timer = 0;
  const wide = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const width = Math.round(root.clientWidth);
      if (width === 0 || model.get("width") === width) return;
      model.set("width", width);
      model.save_changes();
    }, WAIT_MS);
  });
  wide.observe(root);

  life.addEventListener("abort", () => {
    inner.abort();
    wide.disconnect();
    clearTimeout(timer);
    model.off("change:scene", build);
    model.off("change:problem", failed);
    model.off("msg:custom", told);
    root.remove();
  });
}
