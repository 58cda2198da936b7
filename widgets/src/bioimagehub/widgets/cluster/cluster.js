// A cluster on the page: start, scale, end; its workers, what it costs, and how far maps over images are.
import { makeAsking } from "../asking.js";
import { TOLD } from "./help.js";
import { bytes, count, duration, make, makeHelp, makeProblem, makeRoot, makeSpoken } from "../page.js";

/** Show a cluster; everything on it is in the traits of its model. */
export default {
  render({ model, el, signal }) {
    const ask = makeAsking(model, signal);
    const root = makeRoot("cluster", "Cluster", signal);
    const problem = makeProblem(model, signal);
    const { line, say } = makeSpoken();
    const state = make("span", { class: "bih-state" });
    const facts = make("dl", { class: "bih-facts" });
    const workers = make("table", { class: "bih-workers" });
    const works = make("div", { class: "bih-works" });
    const wanted = make("input", { type: "number", min: 0, max: 1000, step: 1, "aria-label": "Workers", oninput: () => {
      model.set("wanted", Math.max(0, Math.min(1000, Math.round(Number(wanted.value) || 0))));
      model.save_changes();
    } });
    const button = (act, name) => make("button", { type: "button", onclick: () => run(act) }, name);
    const start = button("start", "Start"), scale = button("scale", "Scale"), end = button("end", "End");
    start.classList.add("bih-main");
    root.append(
      make("div", { class: "bih-head" }, make("h3", {}, "Cluster"), state), problem.box,
      make("div", { class: "bih-bar" }, make("label", { class: "bih-option" }, "Workers ", wanted), start, scale, end),
      facts, workers, works, makeHelp(TOLD), line);

    let busy = false;
    async function run(act) {
      if (busy) return;
      busy = true;
      try {
        // With the number: what is saved may arrive after the question.
        await ask("act", { do: act, wanted: model.get("wanted") });
      } catch (error) {
        if (error?.name !== "AbortError") problem.show(error);
      } finally {
        busy = false;
      }
    }

    function showState() {
      const now = model.get("state");
      if (state.textContent && state.textContent !== now) say(`The cluster is ${now}`);
      state.textContent = now;
      state.dataset.state = now;
      const held = [start, scale, end].includes(document.activeElement);
      start.hidden = now === "running" || now === "scaling" || now === "starting";
      scale.hidden = end.hidden = now !== "running";
      if (held && document.activeElement?.hidden) (start.hidden ? (scale.hidden ? root : scale) : start).focus();
      if (document.activeElement !== wanted) wanted.value = model.get("wanted");
    }

    function showFacts() {
      const all = model.get("workers"), cost = model.get("cost"), link = model.get("dashboard");
      const sum = (key) => all.reduce((total, each) => total + each[key], 0);
      const rows = [];
      if (model.get("name")) rows.push(["Name", make("bdi", {}, model.get("name"))]);
      if (all.length) rows.push(["Has", `${count(all.length)} worker${all.length === 1 ? "" : "s"}, ${count(sum("cores"))} cores, ${bytes(sum("memory"))} of ${bytes(sum("limit"))} in use`]);
      if (model.get("limits")) rows.push(["Limits", model.get("limits")]);
      if (cost.seconds !== undefined) rows.push(["Used", `${(cost.core_seconds / 3600).toFixed(2)} core-hours in ${duration(cost.seconds)}`]);
      // Only to the web, or to a page of one's own server.
      if (/^(https?:\/\/|\/)/.test(link)) rows.push(["Dashboard", make("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, "Dask dashboard of your own")]);
      facts.replaceChildren(...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
    }

    function showWorkers() {
      const all = model.get("workers");
      workers.hidden = all.length === 0;
      workers.replaceChildren(
        make("caption", { class: "bih-spoken" }, "Workers"),
        make("thead", {}, make("tr", {}, ...["Worker", "Memory", "Load", "Tasks"].map((each) => make("th", { scope: "col" }, each)))),
        make("tbody", {}, ...all.slice(0, 50).map((each) => make("tr", {},
          make("td", {}, make("bdi", {}, each.name)),
          make("td", {}, make("progress", { max: 1, value: each.limit ? Math.min(1, each.memory / each.limit) : 0, "aria-label": `Memory of worker ${each.name}`, class: each.limit && each.memory > 0.8 * each.limit ? "bih-full" : "" }),
            make("span", {}, ` ${bytes(each.memory)} of ${each.limit ? bytes(each.limit) : "any"}`)),
          make("td", { class: "bih-number" }, `${each.load} %`), make("td", { class: "bih-number" }, count(each.tasks))))));
    }

    function showWorks() {
      works.replaceChildren(...model.get("works").map((each) => {
        const bad = each.failed + each.lost + each.cancelled;
        return make("section", { "aria-label": each.name }, make("h4", {}, make("bdi", {}, each.name)),
          make("progress", { max: Math.max(1, each.total), value: each.done + bad, "aria-label": `${each.name}, images dealt with` }),
          make("p", {}, [`${count(each.done)} of ${count(each.total)} images done`, each.failed && `${count(each.failed)} failed`,
            each.lost + each.cancelled && `${count(each.lost + each.cancelled)} not computed`].filter(Boolean).join(", ")),
          each.failures.length > 0 && make("div", { class: "bih-wrong", tabIndex: 0, role: "region", "aria-label": `Images of ${each.name} that failed` },
            make("ul", {}, ...each.failures.map((one) => make("li", {}, make("strong", {}, make("bdi", {}, one.image)),
              make("span", {}, one.what), one.found && make("span", {}, one.found), one.cure && make("em", {}, one.cure))))));
      }));
    }

    const shows = [[["state", "wanted"], showState], [["workers", "cost", "limits", "dashboard", "name"], showFacts], [["workers"], showWorkers], [["works"], showWorks]];
    for (const [names, show] of shows) {
      for (const name of names) model.on(`change:${name}`, show);
      signal?.addEventListener("abort", () => names.forEach((name) => model.off(`change:${name}`, show)));
      show();
    }
    el.append(root);
  },
};
