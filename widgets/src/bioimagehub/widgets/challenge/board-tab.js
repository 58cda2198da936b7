// The leaderboard: scores as bars with their intervals, ranks with theirs, ties, controls, and one's own rows.
import { make } from "../page.js";
import { drawInterval } from "./interval.js";
import { makeTable } from "./tables.js";
import { moment, text } from "./texts.js";

const MARKS = { first: "first", tied: "not shown to be worse than the first", control: "control" };

function drawBoard(board) {
  const [first, ...others] = board.columns;
  const chances = board.entries > 1 && board.rows.some((row) => row.chance);
  const better = first.endsWith("↓") ? "lower" : "higher";
  const withInterval = (score) => [score.text, score.interval ? make("span", { class: "bih-pale bih-below" }, score.interval) : ""];
  return makeTable({
    caption: `Leaderboard, ${board.entries} ${board.entries === 1 ? "entry" : "entries"}, ${board.cases} cases`,
    head: 1,
    columns: [
      "Rank", "Entry", "Mark", { title: first, number: true }, "95% interval", ...(chances ? [{ title: "P(best)", number: true }] : []),
      ...others.map((title) => ({ title, number: true })),
    ],
    classes: (at) => [board.rows[at].own && "bih-own", board.rows[at].kind && `bih-kind-${board.rows[at].kind}`].filter(Boolean).join(" "),
    rows: board.rows.map((row) => [
      make("span", {}, row.rank, row.ranks && row.ranks !== row.rank ? make("span", { class: "bih-pale bih-below" }, row.ranks) : ""),
      text(row.entry),
      make("span", { class: "bih-marks" }, row.own ? make("strong", {}, "yours") : "", row.own && row.kind ? ", " : "", MARKS[row.kind] ?? ""),
      row.scores[0].text, [drawInterval(row.scores[0], board.span, better), row.scores[0].interval || "none"],
      ...(chances ? [row.chance] : []),
      ...row.scores.slice(1).map((score) => make("span", {}, withInterval(score))),
    ]),
  });
}

/** Make the tab. */
export function makeBoard(page) {
  const version = make("select", { "aria-label": "Version of the leaderboard", onchange: () => page.save({
    board_version: version.value === "" ? null : Number(version.value),
  }) });
  const chosen = make("label", {}, "Version ", version);
  const local = make("button", { type: "button", onclick: () => load(true) }, "Compare with the controls here");
  const refresh = make("button", { type: "button", onclick: () => load(false) }, "Ask again");
  const told = make("p", { role: "status" });
  const place = make("div", {});
  let own = null, stale = true, showsOwn = false;

  async function load(onThisMachine) {
    own?.abort();
    const control = (own = new AbortController());
    stale = false;
    showsOwn = onThisMachine;
    told.textContent = onThisMachine ? "Scoring the controls …" : "Getting the leaderboard …";
    // The question may overtake what the page saves, so it says of what it is.
    const phase = page.get("phase"), number = page.get("board_version");
    const isChosen = () => page.get("phase") === phase && page.get("board_version") === number;
    try {
      const { content } = await page.ask("board", { own: onThisMachine, phase, version: number }, { signal: control.signal });
      if (!isChosen()) return;
      draw(content.board);
      if (!onThisMachine) await loadVersions(phase, control, isChosen);
    } catch (error) {
      if (error?.name === "AbortError") return;
      told.textContent = "";
      page.failed(error);
    }
  }

  async function loadVersions(phase, control, isChosen) {
    const { content } = await page.ask("versions", { phase }, { signal: control.signal });
    if (!isChosen()) return;
    chosen.hidden = content.versions.length === 0;
    version.replaceChildren(make("option", { value: "" }, "newest"), ...content.versions.map((one) => make("option", { value: String(one.number) },
      `${one.number}, ${moment(one.created)}`)));
    version.value = page.get("board_version") ?? "";
  }

  function draw(board) {
    const phase = page.get("about").phases.find((one) => one.name === page.get("phase"));
    local.hidden = Boolean(phase?.hidden) || !page.get("about").file;
    if (!board) {
      told.textContent = page.get("hub").hosts ? "The hub has no leaderboard of this phase yet."
        : "There is no leaderboard of a hub here. The controls of the challenge tell what a score is worth: they can be scored on this machine.";
      place.replaceChildren();
      return;
    }
    told.textContent = board.own ? "Made on this machine, of your predictions and the controls." : `Version ${board.number}, ${moment(board.created)}.`;
    place.replaceChildren(drawBoard(board), board.more ? make("p", {}, `and ${board.more} more rows`) : "",
      make("p", { class: "bih-pale" }, board.legend), ...board.remarks.map((remark) => make("p", {}, text(remark))),
      make("details", {}, make("summary", {}, "How scores were computed"), make("p", {}, text(board.conventions))));
    page.say(`Leaderboard with ${board.rows.length} rows`);
  }

  const renew = () => {
    if (page.get("tab") !== "board") stale = true;
    else load(showsOwn && !page.get("hub").hosts);
  };
  page.on(["phase", "board_version"], renew);
  // The number of the newest board comes with what the hub says of the challenge.
  let newest = null;
  page.on(["about", "hub"], () => {
    const phase = page.get("about").phases.find((one) => one.name === page.get("phase"));
    const now = JSON.stringify([phase?.board ?? null, page.get("hub").hosts]);
    refresh.hidden = !page.get("hub").hosts;
    chosen.hidden ||= !page.get("hub").hosts;
    if (now === newest) return;
    newest = now;
    renew();
  });
  page.on(["score"], () => { if (showsOwn) { showsOwn = page.get("score")?.state === "scored"; renew(); } });
  page.life.addEventListener("abort", () => own?.abort());
  return {
    element: make("div", {}, make("div", { class: "bih-form", role: "group", "aria-label": "Leaderboard" }, chosen, refresh, local), told, place),
    show() { if (stale) load(showsOwn); },
  };
}
