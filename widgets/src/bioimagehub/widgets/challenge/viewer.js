// The viewer with a case in it, below the pictures: another widget inside this one.
import { showInside } from "../inside.js";
import { make } from "../page.js";
import { text } from "./texts.js";

/**
 * Make the place of the viewer. `open(content, button)` asks the kernel for one, which the trait `panel` then names; the focus
 * goes back to the button when it is closed.
 */
export function makeViewer(page) {
  let opener = null;
  const heading = make("h3", {});
  const place = make("div", {});
  const close = make("button", { type: "button", onclick: () => page.ask("close").catch(page.failed) }, "Close the viewer");
  const box = make("section", { class: "bih-viewer", hidden: true, tabIndex: -1 }, make("div", { class: "bih-form" }, heading, close), place);
  page.on(["opened_case"], () => {
    const name = page.get("opened_case");
    heading.replaceChildren("Viewer: ", text(name));
    box.setAttribute("aria-label", `Viewer of the case ${name}`);
  });
  // Before the section is hidden, and the focus with it. The list with the button may have been drawn anew.
  page.on(["panel"], () => {
    if (page.get("panel") !== "" || !box.contains(document.activeElement)) return;
    (opener?.isConnected ? opener : box.closest("[role=tabpanel]"))?.focus();
  });
  showInside({ model: page.model, host: page.host, box, place, failed: page.failed, life: page.life });
  return {
    element: box,
    async open(content, button) {
      opener = button;
      page.say("The viewer is being prepared");
      try {
        await page.ask("open", content);
        box.scrollIntoView({ block: "nearest" });
        box.focus({ preventScroll: true });
      } catch (error) {
        page.failed(error);
      }
    },
  };
}
