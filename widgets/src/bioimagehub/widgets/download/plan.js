// The plan: what would be fetched, under which terms, and whether there is room.
import { bytes, count, duration, make } from "../page.js";
import { follow } from "./listening.js";

const DATASETS = 5;

/** Write bytes that are known, or at most so many. */
export function size(number, exact) {
  return exact ? bytes(number) : `at most ${bytes(number)}`;
}

/** Make the table of the plan. */
export function makePlan({ model, life }) {
  const list = make("dl", { class: "bih-facts" });
  const fact = (name, ...value) => list.append(make("dt", {}, name), make("dd", {}, ...value));

  function show() {
    const plan = model.get("plan"), state = model.get("state");
    list.replaceChildren();
    const parts = plan.parts ?? [];
    if (parts.length === 0) fact("Dataset", make("bdi", {}, model.get("entries").slice(0, DATASETS).join(", ")));
    for (const part of parts.slice(0, DATASETS)) {
      fact("Dataset", make("bdi", { class: "bih-title" }, part.title || part.source), part.title && make("bdi", { class: "bih-quiet" }, ` ${part.source}`));
    }
    if (parts.length > DATASETS) fact("", `and ${count(model.get("entries").length - DATASETS)} more`);
    const licences = plan.licences ?? [];
    for (const each of licences) fact("Licence", terms(each, licences.length > 1));
    if (plan.files_all !== undefined) {
      const all = plan.files === plan.files_all ? "" : ` of ${count(plan.files_all)}, ${size(plan.size_all, plan.exact_all)}`;
      fact("Files", make("strong", {}, count(plan.files)), ` file${plan.files === 1 ? "" : "s"}, `, make("strong", {}, size(plan.size, plan.exact)), all && make("span", { class: "bih-quiet" }, all));
    }
    if (plan.files_all !== undefined && state !== "running" && state !== "paused") {
      fact("Time", `about ${duration(plan.seconds)}`, make("span", { class: "bih-quiet" }, ` at ${bytes(plan.rate)} a second, as archives give`));
      fact("Disk", room(plan));
    }
    fact("Into", make("bdi", { class: "bih-path" }, model.get("folder")));
    for (const note of plan.notes ?? []) fact("Note", note);
    if (state === "planning" && !model.get("progress").files_total) fact("", make("span", { class: "bih-busy" }, "Working out which files there are…"));
  }

  follow(model, life, ["plan", "state", "folder", "entries"], show);
  return { element: list };
}

function terms(group, named) {
  const name = group.licence ?? "not stated";
  // What an archive writes may lead anywhere: only to the web.
  const linked = /^https?:\/\//.test(group.url ?? "");
  const shown = linked ? make("a", { href: group.url, target: "_blank", rel: "noopener noreferrer" }, name) : make("span", {}, name);
  const strict = group.licence === null || group.forbids.length > 0;
  return make("span", {}, shown, make("span", { class: strict ? "bih-forbids" : "bih-quiet" }, ` ${group.terms}`),
    named && make("bdi", { class: "bih-quiet" }, ` (${count(group.count)} dataset${group.count === 1 ? "" : "s"}: ${group.sources.join(", ")}${group.count > group.sources.length ? ", …" : ""})`));
}

function room(plan) {
  const left = plan.free - plan.size;
  if (plan.fits) return `${bytes(plan.free)} free${plan.exact ? `, ${bytes(left)} afterwards` : ""}`;
  return make("span", { class: "bih-forbids" }, `${bytes(plan.free)} free: ${bytes(-left)} too little. Choose less, or make the widget with another folder: download(..., "folder").`);
}
