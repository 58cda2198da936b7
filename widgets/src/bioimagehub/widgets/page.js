// What all widgets put on the page: elements, the error in three parts, words for screen readers.

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
export function makeRoot(name, label) {
  return make("section", { class: `bih bih-live bih-${name}`, "aria-label": label, tabIndex: -1 });
}

/** Keep an element that shows the trait `problem`, or what `show` is given; it is read out as it appears. */
export function makeProblem(model, life) {
  const box = make("div", { class: "bih-problem", role: "alert", hidden: true });
  const show = (parts) => {
    box.hidden = !parts;
    box.replaceChildren();
    if (!parts) return;
    box.append(make("strong", {}, parts.what));
    if (parts.found) box.append(" ", make("span", {}, parts.found));
    if (parts.cure) box.append(" ", make("em", {}, parts.cure));
    box.append(make("button", { type: "button", class: "bih-close", "aria-label": "Close the message", onclick: () => {
      model.set("problem", null);
      model.save_changes();
      show(null);
    } }, "×"));
  };
  const changed = () => show(model.get("problem"));
  model.on("change:problem", changed);
  life?.addEventListener("abort", () => model.off("change:problem", changed));
  changed();
  return { box, show: (error) => show(error?.parts ?? (error && { what: String(error.message ?? error) })) };
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
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
