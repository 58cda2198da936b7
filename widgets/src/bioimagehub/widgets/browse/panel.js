// What is open below the list: another widget, such as a viewer or a download, inside this one.
import { showInside } from "../inside.js";
import { make } from "../page.js";

/**
 * Make the panel. `open(question, content)` asks the kernel to make a widget, which the trait `panel` then names.
 * `back` takes the focus where it was in the panel as that closes.
 */
export function makePanel({ model, ask, host, failed, say, life, back }) {
  const heading = make("h3", {});
  const close = make("button", { type: "button", onclick: () => ask("close").catch(failed) }, "Close");
  const place = make("div", {});
  const box = make("section", { class: "bih-panel", hidden: true, tabIndex: -1 },
    make("div", { class: "bih-bar" }, heading, close), place);
  const head = () => {
    heading.textContent = model.get("panel_title");
    box.setAttribute("aria-label", heading.textContent);
  };
  const leave = () => {
    if (model.get("panel") === "" && box.contains(box.getRootNode().activeElement)) back();
  };
  // Before it is hidden: what is hidden loses the focus to the whole page.
  const watched = { panel: leave, panel_title: head };
  for (const [name, changed] of Object.entries(watched)) {
    model.on(`change:${name}`, changed);
    life.addEventListener("abort", () => model.off(`change:${name}`, changed));
  }
  head();
  showInside({ model, host, box, place, failed, life });
  return {
    element: box,
    async open(question, content) {
      const names = { open: "Viewer", download: "Download" };
      say(`${names[question]}: being prepared`);
      try {
        await ask(question, content);
        box.scrollIntoView({ block: "nearest" });
        box.focus({ preventScroll: true });
      } catch (error) {
        failed(error);
      }
    },
  };
}
