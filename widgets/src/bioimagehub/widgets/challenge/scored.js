// Of which phase a score is: another one may be chosen by now.
import { make } from "../page.js";
import { text } from "./texts.js";

/** Give the title of a phase; empty in a challenge without phases. */
export function titleOf(page, name) {
  return page.get("about").phases.find((one) => one.name === name)?.title ?? "";
}

/** Make the note that the score is of another phase than the chosen one, with a button that leads to a new score. */
export function makeOtherPhase(page, name, act) {
  const told = make("span", {});
  const again = make("button", { type: "button", onclick: act }, name);
  const note = make("p", { class: "bih-note", hidden: true }, told, " ", again);
  page.on(["score", "phase", "about"], () => {
    const score = page.get("score"), chosen = page.get("about").phases.find((one) => one.name === page.get("phase"));
    note.hidden = !score || !chosen || score.phase === chosen.name;
    if (note.hidden) return;
    told.replaceChildren("This is of the phase ", text(titleOf(page, score.phase) || score.phase), ", and ", text(chosen.title), " is chosen now.");
    again.hidden = chosen.hidden;
  });
  return note;
}
