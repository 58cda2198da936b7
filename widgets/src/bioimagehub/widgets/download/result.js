// What came: where it is, the lines that open it, and the manifest.
import { copyText } from "../copying.js";
import { bytes, count, make } from "../page.js";
import { follow } from "./listening.js";

const PAGE = 50;
const ENDED = ["done", "failed", "cancelled"];

/** Make the summary of what is in the folder. */
export function makeResult({ model, ask, failed, say, life }) {
  const path = make("code", {}), code = make("code", {}), told = make("p", {});
  const copy = (from, name) => make("button", { type: "button", "aria-label": `Copy ${name}`, onclick: async () => {
    say(await copyText(from.textContent) ? `Copied ${name}` : "The browser refuses to copy; select the text");
  } }, "Copy");
  const rows = make("tbody", {});
  const more = make("button", { type: "button", onclick: () => load() }, "Show more");
  const file = make("p", { class: "bih-quiet bih-path" });
  const scroll = make("div", { class: "bih-scroll", tabIndex: 0, role: "region", "aria-label": "Manifest" }, make("table", {},
    make("thead", {}, make("tr", {}, ...["File", "Bytes", "Checksum"].map((each) => make("th", { scope: "col" }, each)))), rows));
  const manifest = make("details", { ontoggle: () => {
    if (manifest.open && rows.childElementCount === 0) load();
  } }, make("summary", {}, "Manifest"), file, scroll, more);
  const element = make("div", { class: "bih-result" }, told,
    make("div", { class: "bih-copied" }, path, copy(path, "the path")),
    make("div", { class: "bih-copied" }, make("pre", {}, code), copy(code, "the code")), manifest);

  async function load() {
    try {
      const offset = rows.childElementCount;
      const answer = await ask("manifest", { offset, limit: PAGE }, { signal: life });
      rows.append(...answer.content.rows.map((each) => make("tr", {},
        make("td", {}, make("bdi", {}, each.name)), make("td", { class: "bih-number" }, bytes(each.size)), make("td", {}, make("code", {}, each.checksum)))));
      more.hidden = rows.childElementCount >= answer.content.count;
    } catch (error) {
      failed(error);
    }
  }

  function show() {
    const result = model.get("result");
    element.hidden = !result.files || !ENDED.includes(model.get("state"));
    if (element.hidden) return;
    const kinds = Object.entries(result.checksums).map(([kind, number]) => `${count(number)} ${kind}`).join(", ");
    told.textContent = `${count(result.files)} file${result.files === 1 ? "" : "s"}, ${bytes(result.size)}. Checksums: ${kinds}.`;
    path.textContent = result.path;
    code.textContent = result.code;
    file.textContent = result.manifests.join(", ");
    rows.replaceChildren();
    if (manifest.open) load();
  }

  follow(model, life, ["result", "state"], show);
  return { element };
}
