// What is open below the list: another widget, such as a viewer or a download, inside this one.
import { make } from "../page.js";

/** Make the panel. `open(question, content)` asks the kernel to make a widget, which the trait `panel` then names. */
export function makePanel({ model, ask, host, failed, say, life }) {
  const heading = make("h3", {});
  const close = make("button", { type: "button", onclick: () => ask("close").catch(failed) }, "Close");
  const place = make("div", {});
  const box = make("section", { class: "bih-panel", hidden: true, tabIndex: -1 },
    make("div", { class: "bih-bar" }, heading, close), place);
  let own = null;

  async function changed() {
    own?.abort();
    place.replaceChildren();
    const named = model.get("panel");
    box.hidden = named === "";
    if (named === "") return;
    const control = (own = new AbortController());
    try {
      const widget = await host.getWidget(named);
      if (!control.signal.aborted) await widget.render({ el: place, signal: control.signal });
    } catch (error) {
      if (!control.signal.aborted) failed(error);
    }
  }

  model.on("change:panel", changed);
  life.addEventListener("abort", () => {
    own?.abort();
    model.off("change:panel", changed);
  });
  changed();
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
