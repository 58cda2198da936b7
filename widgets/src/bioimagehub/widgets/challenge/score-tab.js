// One's own score on public truth: checked with a list of all problems, then scored with the code that scores officially.
import { make } from "../page.js";
import { drawInterval } from "./interval.js";
import { makePredictions } from "./predictions.js";
import { makeOtherPhase, titleOf } from "./scored.js";
import { makePages, makeTable } from "./tables.js";
import { text } from "./texts.js";

/** Make the table of all problems of predictions. */
export function drawProblems(problems, more) {
  const number = problems.length + more;
  const table = makeTable({
    caption: `${number} ${number === 1 ? "problem" : "problems"} to mend`,
    columns: ["Case", "Found", "Expected", "What to do"],
    rows: problems.map((one) => [text(one.case || "all"), text(one.what), text(one.expected), text(one.cure)]),
  });
  return make("div", {}, table, more ? make("p", {}, `and ${more} more`) : "");
}

function drawMetrics(score, phase) {
  const ends = (one) => {
    const numbers = [one.best, one.worst, one.value, one.low, one.high].filter((value) => typeof value === "number");
    const least = Math.min(...numbers), most = Math.max(...numbers);
    return [least, most > least ? most : least + 1];
  };
  const notes = score.metrics.some((one) => one.left_out);
  return makeTable({
    caption: `Own score, ${phase ? `phase ${phase}, ` : ""}${score.cases} ${score.cases === 1 ? "case" : "cases"}`,
    columns: ["Metric", { title: "Score", number: true }, "95% interval", ...(notes ? ["Note"] : [])],
    rows: score.metrics.map((one) => [
      one.title, one.text, [drawInterval(one, ends(one), one.better), one.interval || "too few cases"],
      ...(notes ? [one.left_out ? `${one.left_out} cases say nothing and are left out` : ""] : []),
    ]),
  });
}

/** Make the list of the scores of all cases, which can be sorted. */
function makeCases(page) {
  let sort = "", descending = false;
  const by = (name) => () => {
    descending = sort === name ? !descending : false;
    sort = name;
    pages.begin();
  };
  const pressed = (name) => (sort === name ? (descending ? "descending" : "ascending") : undefined);
  const pages = makePages({
    what: "cases", failed: page.failed,
    load: async (offset) => (await page.ask("scores", { offset, sort, descending })).content,
    draw: (rows, total, notes = rows.some((one) => one.problem || one.strata)) => makeTable({
      caption: sort ? "Scores by case" : "Scores by case, the worst first",
      columns: [
        { title: "Case", sort: by("case"), pressed: pressed("case") },
        ...page.get("score").metrics.map((one) => ({ title: one.title, number: true, sort: by(one.name), pressed: pressed(one.name) })),
        ...(notes ? ["Note"] : []), "Look",
      ],
      rows: rows.map((one) => [
        one.case, ...one.values,
        ...(notes ? [make("span", {}, text(one.problem), one.problem && one.strata ? "; " : "", text(one.strata))] : []),
        make("button", {
          type: "button", "aria-label": `Mistakes in ${one.case}`, onclick: () => page.save({ case: one.case, tab: "mistakes" }),
        }, "Mistakes"),
      ]),
    }),
  });
  return pages;
}

/** Make the tab. */
export function makeScore(page) {
  const given = makePredictions(page);
  const start = make("button", { type: "button", class: "bih-main", onclick: () => run() }, "Check and score");
  const stop = make("button", { type: "button", hidden: true, onclick: () => own?.abort() }, "Stop");
  const bar = make("progress", { "aria-label": "Progress of the scoring", hidden: true });
  const doing = make("span", { class: "bih-pale" });
  const hint = make("p", { class: "bih-note" });
  const found = make("div", { tabIndex: -1 });
  const cases = makeCases(page);
  let own = null;

  async function run() {
    if (start.disabled) return;
    own = new AbortController();
    page.settled();
    start.disabled = true;
    stop.hidden = false;
    try {
      await page.ask("score", { path: given.path(), phase: page.get("phase") }, { signal: own.signal });
      const score = page.get("score");
      page.say(score.state === "scored" ? `Scored: ${score.metrics.map((one) => `${one.title} ${one.text}`).join(", ")}`
        : `${score.problems.length + score.more} problems to mend`);
    } catch (error) {
      page.failed(error);
    } finally {
      start.disabled = false;
      stop.hidden = true;
    }
  }

  given.field.addEventListener("keydown", (event) => { if (event.key === "Enter") run(); });
  page.on(["working"], () => {
    const working = page.get("working");
    bar.hidden = !working;
    doing.textContent = working ? `${working.what}${working.total ? `, ${working.done} of ${working.total} cases` : " …"}` : "";
    if (working?.total && working.what === "Scoring") [bar.max, bar.value] = [working.total, working.done];
    else bar.removeAttribute("value");
  });
  page.on(["phase", "about"], () => {
    const phase = page.get("about").phases.find((one) => one.name === page.get("phase"));
    hint.hidden = !phase?.hidden;
    hint.textContent = "The truth of this phase is hidden: only the hub scores it. Choose a phase with public truth to score here.";
  });
  page.on(["score"], () => {
    const score = page.get("score");
    found.replaceChildren();
    cases.clear();
    if (score?.state === "refused") found.append(drawProblems(score.problems, score.more));
    if (score?.state !== "scored") return;
    found.append(drawMetrics(score, titleOf(page, score.phase)), make("details", {}, make("summary", {}, "How it was computed"), make("p", {}, text(score.conventions)),
      make("p", {}, "Key of all that the numbers depend on: ", make("code", {}, score.key))));
    cases.begin();
  });
  const form = make("div", { class: "bih-form", role: "group", "aria-label": "Score predictions" }, given.element, start, stop, bar, doing);
  const other = makeOtherPhase(page, "Score again", () => {
    // The note goes as the score comes.
    found.focus();
    run();
  });
  return { element: make("div", {}, hint, form, other, found, cases.element), show() {} };
}
