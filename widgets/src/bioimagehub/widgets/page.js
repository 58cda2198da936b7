// What all widgets put on the page: elements, the error in three parts, words for screen readers.

const CONTROLS = "a[href], button, input, select, textarea, [tabindex]";

/** Make an element. Text is set as text, never as HTML: what archives write is shown and not run. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "style") element.style.cssText = value;
    else if (name in element && !name.startsWith("aria") && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Make the outermost element of a widget: a named region, which a saved notebook's picture gives way to. */
export function makeRoot(name, label, life) {
  const root = make("section", { class: `bih bih-live bih-${name}`, "aria-label": label, tabIndex: -1 });
  keepShortcuts(root, life);
  return root;
}

/**
 * Keep the one-key commands of a notebook (d d deletes a cell, arrows leave it) from keys meant for the widget.
 * Commands with Ctrl or Cmd, as to save, still reach it.
 */
function keepShortcuts(root, life) {
  window.addEventListener("keydown", (event) => {
    if (!root.contains(event.target)) return;
    // On the element that has the focus: those around it are looked at after its own match.
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !event.ctrlKey && !event.metaKey);
    // JupyterLab takes the Enter with which a field would tell of its change.
    if (event.key !== "Enter" || !event.target.matches("input[type=number], input[type=text]")) return;
    event.target.blur();
    event.target.focus();
  }, { capture: true, signal: life });
}

/**
 * Keep an element that shows the trait `problem`, or what `show` is given; it is read out as it appears. When it is
 * closed, what the selector `next` finds has the focus, or else the first thing of the widget that can have it.
 */
export function makeProblem(model, life, next = null) {
  const box = make("div", { class: "bih-problem", role: "alert", hidden: true });
  const show = (parts) => {
    box.hidden = !parts;
    box.replaceChildren();
    if (!parts) return;
    box.append(make("strong", {}, parts.what));
    if (parts.found) box.append(" ", make("span", {}, parts.found));
    if (parts.cure) box.append(" ", make("em", {}, parts.cure));
    box.append(make("button", { type: "button", class: "bih-close", "aria-label": "Close the message", onclick: () => {
      const root = box.closest(".bih"), focused = box.matches(":focus-within");
      model.set("problem", null);
      model.save_changes();
      show(null);
      if (root && focused) giveFocus(root, next);
    } }, "×"));
  };
  const changed = () => show(model.get("problem"));
  model.on("change:problem", changed);
  life?.addEventListener("abort", () => model.off("change:problem", changed));
  changed();
  return { box, show: (error) => show(error?.parts ?? (error && { what: String(error.message ?? error) })) };
}

function giveFocus(root, next) {
  const found = [...(next ? root.querySelectorAll(next) : []), ...root.querySelectorAll(CONTROLS)];
  const can = (each) => each.tabIndex >= 0 && !each.disabled && each.getClientRects().length > 0;
  (found.find(can) ?? root).focus({ preventScroll: true });
}

/** Make help in place, shut at first, of pairs of a name and what it does. */
export function makeHelp(told) {
  return make("details", { class: "bih-help" }, make("summary", {}, "Help"),
    make("dl", {}, ...told.flatMap(([name, what]) => [make("dt", {}, name), make("dd", {}, what)])));
}

/** Keep a line that screen readers read out when it changes, and that nobody sees. */
export function makeSpoken() {
  const line = make("div", { class: "bih-spoken", role: "status", "aria-live": "polite" });
  return { line, say: (text) => { line.textContent = text; } };
}

/** Write a number of bytes. */
export function bytes(number) {
  if (number === null || number === undefined) return "unknown";
  let value = number, unit = 0;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(2)} ${units[unit]}`;
}

/** Write a whole number with thin spaces between thousands, the same in every country. */
export function count(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** Write seconds. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !isFinite(seconds)) return "unknown";
  const whole = seconds < 60 ? Math.ceil(seconds) : Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.floor(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
