// What each tab is for, and what the keys do, in place.
import { make } from "../page.js";

const PARTS = [
  ["Tabs", [
    ["Rules", "what is asked, when, with which limits, and how it is scored"],
    ["Data", "the cases, and where their images come from"],
    ["Own score", "checks predictions as the hub does, and scores them here where the truth is public"],
    ["Mistakes", "what the predictions of a case got wrong, the worst case first"],
    ["Submissions", "sends predictions to the hub, and tells what became of them"],
    ["Leaderboard", "how all entries, or the controls, compare with yours"],
  ]],
  ["Keys", [
    ["← →", "on a tab: the next one, or the one before"],
    ["Home, End", "on a tab: the first one, or the last"],
    ["Tab", "from a tab into what it shows"],
    ["Enter", "in the field of predictions on Own score: check and score"],
    ["↑ ↓", "in a table that is longer than its place: scroll"],
  ]],
];

/** Make the help, which is shut at first. */
export function makeHelp() {
  return make("details", { class: "bih-help" }, make("summary", {}, "Help"),
    make("p", {}, "Choose the phase at the top: scores, submissions and the leaderboard are of this phase."),
    make("div", { class: "bih-help-parts" }, PARTS.map(([title, rows]) => make("div", {},
      make("h3", {}, title),
      make("dl", {}, rows.map(([name, what]) => make("div", {}, make("dt", {}, name), make("dd", {}, what))))))));
}
