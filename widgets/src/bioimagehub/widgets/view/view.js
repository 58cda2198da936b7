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
  const root = makeRoot("view", "Image viewer");
  const ask = makeAsking(model, life);
  const problem = makeProblem(model, life);
  const { line, say } = makeSpoken();
  const body = make("div", { class: "bih-view-body" });
  root.append(problem.box, body, line);
  el.append(root);
  keepShortcuts(root, life);

  let inner = new AbortController(), stage = null;
  const onProblem = (error) => { if (error?.name !== "AbortError" && !life.aborted) problem.show(error); };
  const build = () => {
    inner.abort();
    inner = new AbortController();
    body.replaceChildren();
    const scene = model.get("scene");
    stage = null;
    if (!scene?.layers?.length) return body.append(make("p", { class: "bih-view-nothing" }, "There is nothing to show yet."));
    root.setAttribute("aria-label", `Image viewer: ${String(scene.title || "image").slice(0, 200)}`);
    stage = makeStage({ scene, model, ask, life: inner.signal, onProblem, say });
    body.append(...stage.elements);
  };
  model.on("change:scene", build);
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
    model.off("msg:custom", told);
    root.remove();
  });
}

/**
 * Keep the one-key commands of a notebook (d d deletes a cell) from keys meant for the image.
 * Commands with Ctrl or Cmd, as to save, still reach it.
 */
function keepShortcuts(root, life) {
  window.addEventListener("keydown", (event) => {
    if (!root.contains(event.target)) return;
    // On the element that has the focus: those around it are looked at after its own match.
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !event.ctrlKey && !event.metaKey);
    // JupyterLab takes the Enter with which a field would tell of its change.
    if (event.key !== "Enter" || !event.target.matches("input[type=number], input[type=text]")) return;
    event.target.blur();
    event.target.focus();
  }, { capture: true, signal: life });
}
