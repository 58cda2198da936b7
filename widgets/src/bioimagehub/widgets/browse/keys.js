// The keyboard: what each key does, and the help that tells it.
import { make } from "../page.js";

const HELP = [
  ["/", "go to the search field"],
  ["↓ in the search field", "go to the list"],
  ["↑ ↓ PageUp PageDown Home End", "move in the list"],
  ["Enter", "show the details of the record"],
  ["Space", "select it, or leave it"],
  ["Shift+↑ Shift+↓, Shift+click", "select more"],
  ["o", "view the record"],
  ["d", "download what is selected, or the record"],
  ["c", "cite it"],
  ["y", "copy the line of Python that opens it"],
  ["l", "add it to the lock file"],
  ["f", "go to the filters"],
  ["s", "go to the order"],
  ["Esc", "close, step by step; in the search field: clear it"],
  ["?", "this help"],
];
const HINTS = [
  ["two words", "both must occur, in any order"],
  ['"two words"', "exactly these, next to each other"],
  ["micro*", "words that begin so"],
  ["-mouse", "must not occur"],
];

function makeTable(title, lines) {
  return make("table", {}, make("caption", {}, title), make("tbody", {}, lines.map(([key, told]) => make("tr", {},
    make("th", { scope: "row" }, make("kbd", {}, key)), make("td", {}, told)))));
}

/** Make the help: a dialog that is closed with Escape. */
export function makeHelp(back) {
  // The event `close` comes a frame later, when the next key may have moved the focus on: the focus goes back at once.
  const hide = () => {
    dialog.close();
    back();
  };
  const close = make("button", { type: "button", class: "bih-main", onclick: hide }, "Close");
  const dialog = make("dialog", { class: "bih-help", "aria-label": "Help" },
    makeTable("Keys", HELP), makeTable("What can be typed", HINTS), close);
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    hide();
  });
  // What closes it without a key in it, such as a gesture.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    hide();
  });
  return { element: dialog, open: () => dialog.showModal() };
}

const isTyped = (target) => target.matches("input[type=search], textarea, select");

/** Listen for keys in the widget. `does` maps a key to what it does; JupyterLab does not see the plain ones. */
export function listen(root, does) {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    event.stopPropagation();
    if (event.defaultPrevented || event.altKey || (isTyped(event.target) && event.key !== "Escape")) return;
    const action = does[event.key];
    if (action === undefined || event.target.closest("dialog, .bih-panel")) return;
    event.preventDefault();
    action(event);
  });
}
