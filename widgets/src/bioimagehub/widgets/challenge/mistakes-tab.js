// What the predictions of a case got wrong: a picture of the whole, and one of each mistake, the largest first.
import { count, make } from "../page.js";
import { makeOtherPhase, titleOf } from "./scored.js";
import { makePages, makeTable } from "./tables.js";
import { makePicture, text } from "./texts.js";
import { makeViewer } from "./viewer.js";

const OUTLINES = ["labels", "points", "tracks"];
const LEGENDS = {
  labels: "Outlines: truth blue, prediction orange, white where both run. The object itself is drawn thick.",
  points: "Rings: truth blue, prediction orange. The point itself is drawn thick.",
  classes: "From left to right: truth, prediction, and in white where they differ. Of a volume, the middle plane.",
  image: "From left to right: truth, prediction, and their difference. Of a volume, the middle plane.",
};
LEGENDS.tracks = LEGENDS.labels;
LEGENDS.map = LEGENDS.image;

/** Make the buttons that choose a kind of mistake. */
function drawKinds(told, chosen, choose) {
  const all = [["", told.total], ...told.kinds];
  return all.map(([kind, number]) => make("button", { type: "button", "aria-pressed": String(kind === chosen), onclick: () => choose(kind) },
    `${kind || "all"} ${count(number)}`));
}

function drawAnswers(told) {
  if (!told.answers.length) return make("p", {}, "Nothing was asked in this case.");
  return make("div", {}, make("p", {}, `${count(told.wrong)} of ${count(told.asked)} answers differ from the truth; those furthest off come first.`),
    makeTable({
      caption: "Answers", columns: ["Item", "True", "Answered", "Same"],
      rows: told.answers.map((one) => [text(one.item), text(one.truth), text(one.answer), one.wrong ? "no" : "yes"]),
    }));
}

/** Make the tab. */
export function makeMistakes(page) {
  const empty = make("p", {}, "There is no score yet. Score predictions on a phase with public truth, and see here what they got wrong. ",
    make("button", { type: "button", onclick: () => page.save({ tab: "score" }) }, "Go to own score"));
  const choice = make("select", { "aria-label": "Case, the worst first", onchange: () => page.save({ case: choice.value }) });
  const whole = make("div", { class: "bih-whole" });
  const kinds = make("div", { class: "bih-kinds", role: "group", "aria-label": "Kind of mistake" });
  const legend = make("p", { class: "bih-pale" });
  const viewer = makeViewer(page);
  const look = make("button", { type: "button", onclick: () => viewer.open({ case: told.case }, look) }, "Open the case in the viewer");
  const of = make("span", {});
  const other = makeOtherPhase(page, "Go to own score", () => page.save({ tab: "score" }));
  const body = make("div", {}, other, make("div", { class: "bih-form" }, of, make("label", {}, "Case, the worst first ", choice), look), legend, kinds, whole);
  let told = null, kind = "", shownFor = null, own = null, life = null;

  const pages = makePages({
    what: "mistakes", failed: page.failed,
    load: async (offset) => {
      const answer = await page.ask("mistakes", { case: told.case, kind, offset }, { signal: own.signal });
      const rows = answer.content.rows.map((row, at) => ({ ...row, picture: answer.buffers[at] }));
      return { rows, total: answer.content.total };
    },
    draw: (rows, total) => make("div", { class: "bih-crops", role: "list", "aria-label": `Mistakes, ${rows.length} of ${total}` },
      rows.map((row) => make("div", { role: "listitem" }, make("figure", {},
        (row.image ??= makePicture(row.picture, `${row.kind}: ${row.text}`, life)),
        make("figcaption", {}, make("b", {}, row.kind), make("br"), row.text, make("br"),
          make("button", {
            type: "button", "aria-label": `Open ${row.kind} ${row.index + 1} in the viewer`,
            onclick: (event) => viewer.open({ case: told.case, index: row.index }, event.currentTarget),
          }, "Open in the viewer")))))),
  });
  body.append(pages.element);

  const choose = (value) => {
    kind = value;
    kinds.replaceChildren(...drawKinds(told, kind, choose));
    pages.begin();
    kinds.querySelector("[aria-pressed=true]").focus();
  };

  function draw(answer) {
    told = answer.content;
    kind = "";
    choice.replaceChildren(...told.cases.map((name) => make("option", { value: name }, name)));
    choice.value = told.case;
    look.hidden = !told.viewable;
    legend.textContent = LEGENDS[told.kind] ?? "";
    whole.replaceChildren();
    kinds.replaceChildren();
    pages.clear();
    if (told.picture) whole.append(makePicture(answer.buffers[0], `The case ${told.case} as a whole`, life));
    if (told.kind === "values") whole.append(drawAnswers(told));
    else if (!OUTLINES.includes(told.kind) && !told.picture) whole.append(make("p", {}, "Of this kind of prediction there are no pictures of mistakes."));
    if (OUTLINES.includes(told.kind)) {
      if (told.total) {
        kinds.append(...drawKinds(told, kind, choose));
        pages.begin();
      } else {
        kinds.append(make("p", {}, "There is no mistake in this case."));
      }
    }
    page.say(`${told.case}: ${told.total} mistakes`);
  }

  async function renew() {
    const score = page.get("score");
    const scored = score?.state === "scored";
    empty.hidden = scored;
    body.hidden = !scored;
    const phase = scored ? titleOf(page, score.phase) : "";
    of.replaceChildren(...(phase ? ["Phase ", text(phase)] : []));
    const wanted = scored ? `${score.key} ${page.get("case") ?? ""}` : null;
    if (!scored || wanted === shownFor || page.get("tab") !== "mistakes") return;
    own?.abort();
    own = life = new AbortController();
    life = own.signal;
    shownFor = wanted;
    try {
      draw(await page.ask("case", { case: page.get("case") }, { signal: own.signal }));
    } catch (error) {
      if (error?.name !== "AbortError") shownFor = null;
      page.failed(error);
    }
  }
  page.life.addEventListener("abort", () => own?.abort());
  page.on(["score", "case"], renew);
  return { element: make("div", {}, empty, body, viewer.element), show: renew };
}
