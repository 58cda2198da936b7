// The rules: what is asked, when, with which limits, how it is scored, and what a submission is.
import { bytes, make } from "../page.js";
import { makeTable } from "./tables.js";
import { moment, text } from "./texts.js";

function tellDates(phase) {
  const opens = phase.opens ? `from ${moment(phase.opens)}` : "", closes = phase.closes ? `until ${moment(phase.closes)}` : "";
  return [phase.is_open ? "open" : "not open", [opens, closes].filter(Boolean).join(" ") || "without dates"].join(", ");
}

/** Say how much one may submit to a phase, and how much of it is used. */
export function tellLimits(phase) {
  const said = [];
  const used = (number) => (number === null || number === undefined ? "" : `, ${number} used`);
  if (phase.per_day !== null) said.push(`${phase.per_day} a day${used(phase.used_today)}`);
  if (phase.total !== null) said.push(`${phase.total} in all${used(phase.used_total)}`);
  said.push(`${bytes(phase.size)} each`);
  return said.join("; ");
}

function makePhases(about) {
  if (!about.phases.length) return make("p", {}, "This challenge has no phases: nothing is submitted. Predictions can be scored here.");
  return makeTable({
    caption: "Phases",
    columns: ["Phase", "When", "Truth", { title: "Cases", number: true }, "Limits of submissions"],
    rows: about.phases.map((one) => [
      text(one.title), tellDates(one), one.hidden ? "hidden: the hub scores" : "public: score it yourself", String(one.cases), tellLimits(one),
    ]),
  });
}

function makeMetrics(about) {
  if (!about.file) return make("p", {}, "Metrics, the first ranks: ", about.metrics.map((one) => one.title).join(", "));
  return makeTable({
    caption: "Metrics",
    columns: ["Metric", "Better", "Of the cases", "Unit", "On the leaderboard"],
    rows: about.metrics.map((one) => [
      one.title, one.better === "higher" ? "more" : "less", { mean: "mean", median: "median", pooled: "as if they were one" }[one.aggregate],
      one.unit === "1" ? "none" : one.unit, one.ranks ? "ranks" : "shown",
    ]),
  });
}

/** Make the tab. */
export function makeRules(page) {
  const place = make("div", {});
  page.on(["about"], () => {
    const about = page.get("about");
    const { submission } = about;
    place.replaceChildren(
      ...(about.remark ? [make("p", { class: "bih-note" }, about.remark)] : []),
      make("p", {}, text(about.summary)),
      make("p", {}, "Task: ", text(about.task.replaceAll("_", " ")), ". Licence: ", text(about.licence), ". Organisers: ",
        text(about.organisers.join("; ")), "."),
      makePhases(about),
      makeMetrics(about),
      make("h3", {}, "How scores are computed"),
      make("p", {}, text(about.conventions)),
      make("h3", {}, "What a submission is"),
      make("p", {}, `For each case ${submission.what || "a prediction"}, in a file named as the case. Formats: `,
        text(submission.formats.join(", ").replaceAll("_", " ")), submission.endings.length ? `; names end in ${submission.endings.join(", ")}` : "", "."),
      ...(about.baselines.length ? [make("h3", {}, "Baselines"), make("ul", {}, about.baselines.map((one) => make("li", {},
        text(one.title), one.summary ? [": ", text(one.summary)] : [])))] : []),
      ...(about.citation.length ? [make("h3", {}, "Cite"), make("ul", {}, about.citation.map((one) => make("li", {}, text(one.text),
        one.doi ? [" ", make("a", { href: `https://doi.org/${encodeURI(one.doi)}`, target: "_blank", rel: "noopener noreferrer" },
          `doi:${one.doi}`)] : [])))] : []),
    );
  });
  return { element: place, show() {} };
}
