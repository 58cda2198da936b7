// What can be done now: begin, pause, resume, cancel, again.
import { make } from "../page.js";
import { follow, set } from "./listening.js";

// Traits that a plan and a run are made of. They go with the question: what is saved may arrive after it.
const SENT = ["levels", "channels", "region", "labels", "rate", "replace"];

const OFFERED = {
  planning: [], planned: ["start"], running: ["pause", "cancel"], paused: ["resume", "cancel"],
  done: ["plan_again"], failed: ["again", "plan_again"], cancelled: ["resume", "plan_again"],
};
const NAMES = { start: "Download", pause: "Pause", resume: "Resume", cancel: "Cancel", again: "Fetch again what failed", plan_again: "Plan anew" };

/** Make the buttons of a download, and the two habits that it has. */
export function makeActions({ model, ask, failed, life, chosen }) {
  let busy = null, held = null;
  const buttons = Object.fromEntries(Object.entries(NAMES).map(([act, name]) =>
    [act, make("button", { type: "button", onclick: () => run(act) }, name)]));
  const rate = make("input", { type: "number", min: 0, step: "any", oninput: () => {
    const value = Number(rate.value);
    set(model, { rate: value > 0 ? value * 1e6 : null });
  } });
  const replace = make("input", { type: "checkbox", onchange: () => set(model, { replace: replace.checked }) });
  const habits = make("div", { class: "bih-bar bih-habits" },
    make("label", { class: "bih-option" }, "at most ", rate, " MB a second"),
    make("label", { class: "bih-option" }, replace, " overwrite files of mine that are in the way"));
  const element = make("div", { class: "bih-bar bih-actions" }, ...Object.values(buttons), habits);

  async function run(act) {
    if (busy) return;
    busy = act;
    held = buttons[act];
    try {
      // What was taken or left out just now is on its way, and comes first.
      await chosen();
      const sent = ["start", "plan_again"].includes(act) ? { set: Object.fromEntries(SENT.map((name) => [name, model.get(name)])) } : {};
      await ask("act", { do: act, ...sent });
    } catch (error) {
      failed(error);
    } finally {
      busy = null;
    }
  }

  function show() {
    const state = model.get("state");
    // Without a plan, nothing failed but the plan.
    const offered = state === "failed" && !model.get("progress").files_total ? ["plan_again"] : OFFERED[state];
    const first = offered[0];
    for (const [act, button] of Object.entries(buttons)) {
      button.hidden = !offered.includes(act);
      button.disabled = act === "start" && !model.get("plan").files;
      button.classList.toggle("bih-main", act === first && act !== "plan_again");
    }
    // A button that goes must not take the focus with it.
    if (held?.hidden && first && [held, document.body].includes(document.activeElement)) buttons[first].focus();
    if (held?.hidden && first) held = null;
    habits.hidden = state !== "planned";
    const most = model.get("rate");
    if (document.activeElement !== rate) rate.value = most === null ? "" : most / 1e6;
    replace.checked = model.get("replace");
  }

  follow(model, life, ["state", "plan", "rate", "replace", "progress"], show);
  return { element };
}
