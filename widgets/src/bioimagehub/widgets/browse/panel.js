// What is open below the list: another widget, such as a viewer or a download, inside this one.
import { showInside } from "../inside.js";
import { make } from "../page.js";

/** Make the panel. `open(question, content)` asks the kernel to make a widget, which the trait `panel` then names. */
export function makePanel({ model, ask, host, failed, say, life }) {
  const heading = make("h3", {});
  const close = make("button", { type: "button", onclick: () => ask("close").catch(failed) }, "Close");
  const place = make("div", {});
  const box = make("section", { class: "bih-panel", hidden: true, tabIndex: -1 },
    make("div", { class: "bih-bar" }, heading, close), place);
  showInside({ model, host, box, place, failed, life });
  return {
    element: box,
    async open(question, content) {
      const names = { open: "Viewer", download: "Download" };
      say(`${names[question]}: being prepared`);
      try {
        const answer = await ask(question, content);
        heading.textContent = answer.content.title ? `Viewer: ${answer.content.title}` : names[question];
        box.setAttribute("aria-label", names[question]);
        box.scrollIntoView({ block: "nearest" });
        box.focus({ preventScroll: true });
      } catch (error) {
        failed(error);
      }
    },
  };
}
