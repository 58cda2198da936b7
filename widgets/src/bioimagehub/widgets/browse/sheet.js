// Text to take away: a citation or a line of Python, shown and copied.
import { copyField } from "../copying.js";
import { make } from "../page.js";

const STYLES = [
  ["text", "Text"], ["bibtex", "BibTeX"], ["csl", "CSL JSON"], ["datacite", "DataCite JSON"], ["ro-crate", "RO-Crate JSON"],
];

/** Make the sheet. `cite(identifiers)` and `write(content)` show it, `hide()` takes it away. */
export function makeSheet({ ask, say, failed, closed }) {
  const heading = make("h3", {});
  const style = make("select", { "aria-label": "Style of the citation" }, STYLES.map(([value, name]) => make("option", { value }, name)));
  const area = make("textarea", { readOnly: true, rows: 4, spellcheck: false, dir: "auto" });
  const told = make("span", { class: "bih-told" });
  const done = make("button", { type: "button", class: "bih-main", onclick: async () => tell(await copyField(area)) }, "Copy");
  const close = make("button", { type: "button", onclick: () => hide() }, "Close");
  const box = make("section", { class: "bih-sheet", hidden: true, "aria-label": "Text to copy" },
    make("div", { class: "bih-bar" }, heading, style, done, close, told), area);
  let cited = [];

  const tell = (copied) => {
    told.textContent = copied ? "Copied." : "Press Ctrl+C to copy.";
    say(told.textContent);
  };
  async function show(title, question, content) {
    try {
      const answer = await ask(question, content);
      heading.textContent = title;
      area.setAttribute("aria-label", title);
      area.value = answer.content.text;
      area.rows = Math.min(10, 1 + area.value.split("\n").length);
      style.hidden = question !== "cite";
      told.textContent = "";
      box.hidden = false;
      tell(await copyField(area));
    } catch (error) {
      failed(error);
    }
  }
  const cite = () => show(cited.length > 1 ? `Cite ${cited.length} records` : "Cite", "cite", { identifiers: cited, style: style.value });
  const hide = () => {
    box.hidden = true;
    closed();
  };
  style.addEventListener("change", cite);
  return {
    element: box,
    cite(identifiers) {
      cited = [...identifiers];
      return cite();
    },
    write: (content) => show(content.identifiers?.length ? "Python that opens this" : "Python that browses this", "write", content),
    isOpen: () => !box.hidden,
    hide,
  };
}
