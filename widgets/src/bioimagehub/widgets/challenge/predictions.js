// Where predictions are given: those that Python set, or the path of files, with what the path may go on to.
import { make } from "../page.js";
import { text } from "./texts.js";

const QUIET_MS = 200;
let made = 0;

/** Make the field. `path()` is what was typed, or empty to keep what is given already. */
export function makePredictions(page) {
  const id = `bih-choices-${(made += 1)}-${Math.floor(Math.random() * 1e9)}`;
  const choices = make("datalist", { id });
  const told = make("span", { class: "bih-pale" });
  const field = make("input", {
    type: "text", class: "bih-path", autocomplete: "off", spellcheck: false, maxLength: 1000, "aria-label": "Predictions: folder, zip or CSV file",
    placeholder: "folder, zip or CSV file",
  });
  field.setAttribute("list", id);
  let quiet = 0, own = null;
  const offer = () => {
    clearTimeout(quiet);
    quiet = setTimeout(async () => {
      own?.abort();
      own = new AbortController();
      try {
        const { content } = await page.ask("choices", { begin: field.value }, { signal: own.signal });
        choices.replaceChildren(...content.choices.map((value) => make("option", { value })));
      } catch (error) {
        page.failed(error);
      }
    }, QUIET_MS);
  };
  field.addEventListener("input", offer);
  field.addEventListener("focus", offer);
  page.life.addEventListener("abort", () => clearTimeout(quiet));
  page.on(["path", "given"], () => {
    field.value = page.get("path");
    const given = page.get("given");
    told.replaceChildren(...(given && !page.get("path") ? ["Given: ", text(given)] : []));
  });
  return {
    element: make("span", { class: "bih-given" }, make("label", {}, "Predictions ", field), choices, told),
    path: () => field.value.trim(),
    field,
  };
}
