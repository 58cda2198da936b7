// The viewer with a case in it, below the pictures: another widget inside this one.
import { showInside } from "../inside.js";
import { make } from "../page.js";

/** Make the place of the viewer. `open(content)` asks the kernel for one, which the trait `panel` then names. */
export function makeViewer(page) {
  const heading = make("h3", {}, "Viewer");
  const place = make("div", {});
  const close = make("button", { type: "button", onclick: () => page.ask("close").catch(page.failed) }, "Close the viewer");
  const box = make("section", { class: "bih-viewer", "aria-label": "Viewer of the case", hidden: true, tabIndex: -1 },
    make("div", { class: "bih-form" }, heading, close), place);
  showInside({ model: page.model, host: page.host, box, place, failed: page.failed, life: page.life });
  return {
    element: box,
    async open(content) {
      page.say("The viewer is being prepared");
      try {
        const answer = await page.ask("open", content);
        heading.textContent = `Viewer: ${answer.content.title}`;
        box.scrollIntoView({ block: "nearest" });
        box.focus({ preventScroll: true });
      } catch (error) {
        page.failed(error);
      }
    },
  };
}
