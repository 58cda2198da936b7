// Text for the clipboard.
import { make } from "./page.js";

/** Put the text of a field on the clipboard; tell whether the browser let us. It stays selected, for Ctrl+C. */
export function copyField(field) {
  field.focus();
  field.select();
  field.scrollTop = 0;
  return copy(field.value, () => {});
}

/** Put a text that no field shows on the clipboard; tell whether the browser let us. The focus stays where it is. */
export async function copyText(text) {
  const field = make("textarea", { value: text, style: "position: fixed; opacity: 0" });
  const before = document.activeElement;
  try {
    return await copy(text, () => {
      document.body.append(field);
      field.select();
    });
  } finally {
    if (field.isConnected) {
      field.remove();
      before?.focus({ preventScroll: true });
    }
  }
}

async function copy(text, select) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS browsers refuse the clipboard to scripts, and still take the old command.
    select();
    return document.execCommand("copy");
  }
}
