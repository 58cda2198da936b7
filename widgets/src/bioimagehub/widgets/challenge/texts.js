// Texts of others, moments and pictures: put on the page so that they cannot change what stands beside them.
import { make } from "../page.js";

/** Make an element with a text whose direction of writing stays its own. */
export function text(content, properties = {}) {
  return make("bdi", properties, String(content ?? ""));
}

/** Write a moment, the same in every country: `2027-01-31 14:05 UTC`. */
export function moment(iso) {
  const date = new Date(iso);
  return isNaN(date) ? "unknown" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Make a paragraph that says what is not to be had, in the three parts of an error. */
export function makeNote(told) {
  return make("p", { class: "bih-note" }, make("strong", {}, told.what), " ", told.found, " ", told.cure);
}

/** Make a picture of PNG bytes; its address is given back when the page is gone. */
export function makePicture(bytes, alt, life) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  life.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
  return make("img", { src: address, alt });
}
