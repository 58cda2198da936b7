// Submissions: sending predictions to the hub, and what became of those that were sent.
import { bytes, make } from "../page.js";
import { makePredictions } from "./predictions.js";
import { tellLimits } from "./rules-tab.js";
import { drawProblems } from "./score-tab.js";
import { makeTable } from "./tables.js";
import { makeNote, moment, text } from "./texts.js";

const number = (one) => one.problems.length + one.more;

function tellState(one) {
  if (one.state === "waiting" && one.ahead !== null) return `waiting, ${one.ahead} before it in the queue`;
  return one.stage && one.stage !== one.state ? `${one.state}: ${one.stage}` : one.state;
}

/** Make the form that sends. */
function makeForm(page, failed) {
  const given = makePredictions(page);
  const entry = make("input", { type: "text", maxLength: 60, "aria-label": "Name of the entry", placeholder: "yours on the leaderboard" });
  entry.addEventListener("change", () => page.save({ entry: entry.value }));
  page.on(["entry"], () => { entry.value = page.get("entry"); });
  const send = make("button", { type: "button", class: "bih-main", onclick: () => submit() }, "Submit");
  const told = make("p", { role: "status" });
  const limits = make("p", { class: "bih-pale" });
  page.on(["about", "phase"], () => {
    const phase = page.get("about").phases.find((one) => one.name === page.get("phase"));
    limits.textContent = phase ? `Phase ${phase.title}: ${phase.is_open ? "open" : "not open"}; ${tellLimits(phase)}. What is refused costs nothing.` : "";
  });
  async function submit() {
    page.settled();
    send.disabled = true;
    told.textContent = "Checking and sending …";
    try {
      const { content } = await page.ask("submit", { path: given.path(), entry: entry.value, phase: page.get("phase") });
      told.textContent = `Kept as ${content.id}, SHA-256 ${content.sha256.slice(0, 12)}…${content.ahead ? `, ${content.ahead} before it` : ""}.`;
    } catch (error) {
      told.textContent = "";
      failed(error);
    } finally {
      send.disabled = false;
    }
  }
  return make("div", {}, limits, make("div", { class: "bih-form", role: "group", "aria-label": "Submit predictions" }, given.element,
    make("label", {}, "Entry ", entry), send), told);
}

/** Make the list of submissions; details that are open stay open while states change. */
function makeList(page) {
  const place = make("div", {});
  const scores = new Map();
  const before = new Map();

  async function look(one) {
    try {
      const { content } = await page.ask("result", { submission: one.id });
      scores.set(one.id, content.scores
        ? Object.entries(content.scores).map(([name, value]) => `${name} ${typeof value === "number" ? value.toPrecision(4) : value ?? "–"}`).join(", ")
        : "none yet");
      draw();
      page.say(`Scores: ${scores.get(one.id)}`);
    } catch (error) {
      page.failed(error);
    }
  }

  const act = (name, one, done) => make("button", { type: "button", "aria-label": `${name}: submission of ${moment(one.received)}`, onclick: done }, name);

  function drawResult(one) {
    if (one.problems.length) {
      return make("details", {}, make("summary", {}, `${number(one)} problems`), make("ul", {}, one.problems.map((each) => make("li", {},
        each.case ? [text(each.case), ": "] : "", text(each.what), ". Expected ", text(each.expected), ". ", text(each.cure))),
      one.more ? make("li", {}, `and ${one.more} more`) : ""));
    }
    if (one.state === "scored") return scores.has(one.id) ? text(scores.get(one.id)) : act("Scores", one, () => look(one));
    if (one.state === "waiting") return act("Withdraw", one, () => page.ask("withdraw", { submission: one.id }).catch(page.failed));
    return text(one.meaning);
  }

  function makeRows(all) {
    const table = makeTable({
      caption: "Your submissions, the newest first",
      columns: ["Received", "Entry", "Phase", "State", "Result", "File"],
      rows: all.map((one) => [
        moment(one.received), text(one.entry), one.phase, make("span", { title: one.meaning, class: `bih-state bih-state-${one.state}` }, tellState(one)),
        drawResult(one), make("span", {}, text(one.filename), `, ${bytes(one.size)}`),
      ]),
    });
    table.querySelectorAll("tbody tr").forEach((row, at) => {
      row.dataset.id = all[at].id;
      row.dataset.is = JSON.stringify([all[at], scores.get(all[at].id)]);
    });
    return table;
  }

  /** Draw what has changed, and nothing else: a button that is being pressed stays where it is. */
  function draw() {
    const all = page.get("submissions");
    if (!all.length) {
      place.replaceChildren(make("p", {}, "You have submitted nothing to this challenge yet."));
      return;
    }
    const table = makeRows(all);
    const old = [...place.querySelectorAll("tr[data-id]")];
    const made = [...table.querySelectorAll("tr[data-id]")];
    const focused = place.contains(document.activeElement) ? document.activeElement.closest("tr[data-id]")?.dataset.id : null;
    const open = new Set(old.filter((row) => row.querySelector("details")?.open).map((row) => row.dataset.id));
    for (const row of made) row.querySelectorAll("details").forEach((each) => { each.open = open.has(row.dataset.id); });
    if (old.length === made.length && old.every((row, at) => row.dataset.id === made[at].dataset.id)) {
      old.forEach((row, at) => { if (row.dataset.is !== made[at].dataset.is) row.replaceWith(made[at]); });
    } else {
      place.replaceChildren(table);
    }
    if (focused && !place.contains(document.activeElement)) {
      place.querySelector(`tr[data-id="${CSS.escape(focused)}"] :is(button, summary)`)?.focus();
    }
  }

  page.on(["submissions"], () => {
    for (const one of page.get("submissions")) {
      const state = tellState(one);
      if (before.has(one.id) && before.get(one.id) !== state) page.say(`Submission of ${moment(one.received)}: ${state}`);
      before.set(one.id, state);
    }
    draw();
  });
  return place;
}

/** Make the tab. */
export function makeSubmissions(page) {
  const away = make("div", {});
  const shown = make("div", {});
  const refused = make("div", {});
  const form = makeForm(page, (error) => {
    // The list of all problems says more than the error that there are some.
    if (page.get("score")?.state !== "refused") page.failed(error);
  });
  const refresh = make("button", { type: "button", onclick: () => page.ask("refresh").catch(page.failed) }, "Ask again");
  shown.append(form, refused, makeList(page), refresh);
  page.on(["score"], () => {
    const score = page.get("score");
    refused.replaceChildren(...(score?.state === "refused" ? [drawProblems(score.problems, score.more)] : []));
  });
  page.on(["hub"], () => {
    const hub = page.get("hub");
    shown.hidden = !hub.hosts;
    away.replaceChildren();
    if (hub.told) away.append(makeNote(hub.told));
    if (hub.there && !hub.hosts && !hub.told) away.append(make("p", {}, "The hub is being asked …"));
    if (!hub.there) {
      away.append(make("p", {}, "Meanwhile, write a file that can be sent later, from Python:"),
        make("pre", {}, make("code", {}, "from bioimagehub.challenges import write_submission\nwrite_submission(widget.predictions, \"predictions.zip\", widget.challenge)")));
    }
  });
  return { element: make("div", {}, away, shown), show() {} };
}
