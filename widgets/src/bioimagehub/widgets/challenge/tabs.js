// Tabs, as the ARIA practices describe them: arrow keys go from one to the next, Tab goes into the panel.
import { make } from "../page.js";

let made = 0;

/**
 * Make tabs. Each is `[name, title, makePanel]`; `makePanel(page)` gives `{ element, show }`, and `show` is called whenever the
 * panel comes into sight. The trait `tab` names the one that is shown.
 */
export function makeTabs(page, tabs) {
  const begin = `bih-challenge-${(made += 1)}-${Math.floor(Math.random() * 1e9)}`;
  const panels = new Map();
  const buttons = tabs.map(([name, title], at) => make("button", {
    type: "button", role: "tab", id: `${begin}-${name}`, "aria-controls": `${begin}-${name}-panel`, "data-tab": name,
    onclick: () => page.save({ tab: name }),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -at, End: tabs.length - 1 - at }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const next = (at + step + tabs.length) % tabs.length;
      page.save({ tab: tabs[next][0] });
      buttons[next].focus();
    },
  }, title));
  for (const [name, , makePanel] of tabs) {
    const panel = makePanel(page);
    const element = make("div", {
      role: "tabpanel", id: `${begin}-${name}-panel`, "aria-labelledby": `${begin}-${name}`, hidden: true, tabIndex: 0,
    }, panel.element);
    panels.set(name, { ...panel, element });
  }
  const element = make("div", {}, make("div", { class: "bih-tabs", role: "tablist", "aria-label": "Parts of the challenge" },
    buttons), [...panels.values()].map((panel) => panel.element));
  const changed = () => {
    const chosen = page.get("tab");
    for (const button of buttons) {
      const is = button.dataset.tab === chosen;
      button.setAttribute("aria-selected", is);
      button.tabIndex = is ? 0 : -1;
    }
    for (const [name, panel] of panels) panel.element.hidden = name !== chosen;
    panels.get(chosen).show();
  };
  return { element, start: () => page.on(["tab"], changed) };
}
