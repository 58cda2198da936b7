// A download on the page: the plan, what is chosen of it, how far it is, and what came.
import { makeAsking } from "../asking.js";
import { make, makeHelp, makeProblem, makeRoot, makeSpoken } from "../page.js";
import { makeActions } from "./actions.js";
import { TOLD } from "./help.js";
import { makeImages } from "./images.js";
import { follow } from "./listening.js";
import { makePlan } from "./plan.js";
import { makeResult } from "./result.js";
import { makeRun } from "./run.js";
import { makeTree } from "./tree.js";

const SPOKEN = {
  planning: "Working out the files", planned: "The plan is ready", running: "The download is running",
  paused: "The download is paused", done: "All files are there", failed: "The download ended, and something is missing",
  cancelled: "The download is cancelled; what came is kept",
};

/** Show a download; everything on it is in the traits of its model. */
export default {
  render({ model, el, signal }) {
    const ask = makeAsking(model, signal);
    const root = makeRoot("download", "Download", signal);
    const problem = makeProblem(model, signal);
    const { line, say } = makeSpoken();
    const failed = (error) => {
      if (error?.name !== "AbortError") problem.show(error);
    };
    const context = { model, ask, failed, say, life: signal };
    const tree = makeTree(context);
    const images = makeImages(context);
    const plan = makePlan(context);
    const choice = make("div", { class: "bih-choice" }, tree.element, images.element);
    const state = make("span", { class: "bih-state" });
    root.append(
      make("div", { class: "bih-head" }, make("h3", {}, "Download"), state),
      problem.box, plan.element, choice, makeActions({ ...context, chosen: tree.chosen }).element, makeRun(context).element,
      makeResult(context).element, makeHelp(TOLD), line,
    );

    let last = null;
    const show = () => {
      const now = model.get("state");
      state.textContent = now;
      state.dataset.state = now;
      const begun = now === "running" || now === "paused";
      choice.hidden = begun || !model.get("plan").files_all;
      if (last !== null && last !== now) say(SPOKEN[now]);
      last = now;
    };
    follow(model, signal, ["state", "plan"], show);
    el.append(root);
  },
};
