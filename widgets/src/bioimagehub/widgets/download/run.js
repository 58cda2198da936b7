// How far it is: in total and by file; and what went wrong.
import { bytes, count, duration, make } from "../page.js";
import { follow } from "./listening.js";

/** Make the progress of a download. */
export function makeRun({ model, life }) {
  const bar = make("progress", { max: 1, "aria-label": "Download, in total" });
  const told = make("div", { class: "bih-told" });
  const files = make("table", { class: "bih-under-way" });
  const moving = make("div", {}, bar, told, files);
  const heading = make("h4", {});
  const list = make("ul", {});
  const wrong = make("div", { class: "bih-wrong" }, heading,
    make("div", { tabIndex: 0, role: "region", "aria-label": "Files that failed" }, list));
  const notes = make("ul", { class: "bih-quiet" });
  const element = make("div", { class: "bih-run" }, moving, wrong, notes);

  function show() {
    const now = model.get("progress"), state = model.get("state");
    const begun = state === "running" || state === "paused" || (state === "planning" && now.files_total > 0);
    moving.hidden = !begun;
    if (begun) showProgress(now, state);
    notes.replaceChildren(...(now.notes ?? []).slice(0, 20).map((each) => make("li", {}, each)));
    notes.hidden = begun || notes.childElementCount === 0;
  }

  function showProgress(now, state) {
    const part = now.size_total ? now.size / now.size_total : now.files_total ? now.files / now.files_total : 0;
    bar.value = Math.min(1, part);
    const total = now.size_total === null ? "" : ` of ${bytes(now.size_total)}`;
    const speed = state === "paused" ? "paused" : `${bytes(now.rate)} a second`;
    const left = state === "paused" || now.seconds_left === null ? "" : `${duration(now.seconds_left)} left`;
    told.replaceChildren(...[
      `${Math.floor(100 * part)} %`, `${bytes(now.size)}${total}`, `${count(now.files)} of ${count(now.files_total)} files`,
      speed, left, now.failed ? `${count(now.failed)} failed` : "",
    ].filter(Boolean).map((each) => make("span", {}, each)));
    files.hidden = now.under_way.length === 0;
    files.replaceChildren(
      make("caption", { class: "bih-spoken" }, "Files under way"),
      make("thead", { class: "bih-spoken" }, make("tr", {}, make("th", { scope: "col" }, "File"), make("th", { scope: "col" }, "Progress"), make("th", { scope: "col" }, "Bytes"))),
      make("tbody", {}, ...now.under_way.map(([path, came, size]) => make("tr", {},
        make("td", {}, make("bdi", {}, path)),
        make("td", {}, make("progress", { max: 1, value: size ? Math.min(1, came / size) : 0, "aria-label": path })),
        make("td", { class: "bih-number" }, size ? `${bytes(came)} of ${bytes(size)}` : bytes(came))))));
  }

  function showProblems() {
    const problems = model.get("problems"), failed = model.get("progress").failed ?? 0;
    wrong.hidden = problems.length === 0;
    heading.textContent = `${count(failed)} file${failed === 1 ? "" : "s"} failed${failed > problems.length ? `; the first ${problems.length}:` : ":"}`;
    list.replaceChildren(...problems.map((each) => make("li", {},
      make("strong", {}, make("bdi", {}, each.path)), make("span", {}, each.what),
      each.found && make("span", {}, each.found), each.cure && make("em", {}, each.cure))));
  }

  follow(model, life, ["progress", "state"], show);
  follow(model, life, ["problems"], showProblems);
  return { element };
}
