// The page of a challenge: six tabs, one for each thing that somebody who takes part wants to know or do.
import { makeAsking } from "../asking.js";
import { make, makeProblem, makeRoot, makeSpoken } from "../page.js";
import { makeBoard } from "./board-tab.js";
import { makeData } from "./data-tab.js";
import { makeHelp } from "./help.js";
import { makeMistakes } from "./mistakes-tab.js";
import { makeRules } from "./rules-tab.js";
import { makeScore } from "./score-tab.js";
import { makeSubmissions } from "./submissions-tab.js";
import { makeTabs } from "./tabs.js";
import { text } from "./texts.js";

const TABS = [
  ["rules", "Rules", makeRules], ["data", "Data", makeData], ["score", "Own score", makeScore],
  ["mistakes", "Mistakes", makeMistakes], ["submissions", "Submissions", makeSubmissions], ["board", "Leaderboard", makeBoard],
];

/** Make the head: title, and the phase that all tabs are about. */
function makeHead(page) {
  const title = make("h2", {});
  // What is chosen of a phase goes with it, and first: whoever hears of the new phase asks for what is chosen.
  const phase = make("select", { "aria-label": "Phase", onchange: () => page.save({ board_version: null, case: null, phase: phase.value }) });
  const chosen = make("label", { class: "bih-phase" }, "Phase ", phase);
  page.on(["about", "phase"], () => {
    const about = page.get("about");
    title.replaceChildren(text(about.title));
    chosen.hidden = about.phases.length === 0;
    phase.replaceChildren(...about.phases.map((one) => make("option", { value: one.name },
      `${one.title}${one.hidden ? ", truth hidden" : ""}${one.is_open ? "" : ", not open"}`)));
    phase.value = page.get("phase");
  });
  return make("div", { class: "bih-head" }, title, chosen);
}

function render({ model, el, signal, host }) {
  const life = signal;
  const root = makeRoot("challenge", `Challenge ${model.get("about").title}`, life);
  const problem = makeProblem(model, life);
  const { line, say } = makeSpoken();
  const page = {
    model, ask: makeAsking(model, life), host, life, say,
    get: (name) => model.get(name),
    save(values) {
      for (const [name, value] of Object.entries(values)) model.set(name, value);
      model.save_changes();
    },
    /** Call a function now, and whenever one of some traits has changed. */
    on(names, changed) {
      for (const name of names) {
        model.on(`change:${name}`, changed);
        life.addEventListener("abort", () => model.off(`change:${name}`, changed));
      }
      changed();
    },
    /** Show what went wrong; what was taken back is no error. */
    failed: (error) => { if (error?.name !== "AbortError") problem.show(error); },
    settled: () => problem.show(null),
  };
  const tabs = makeTabs(page, TABS);
  page.on(["height"], () => root.style.setProperty("--bih-height", `${page.get("height")}px`));
  root.append(line, problem.box, makeHead(page), makeHelp(), tabs.element);
  el.append(root);
  tabs.start();
}

export default { render };
