// What follows when traits change, for as long as the view is there.

/** Call something now, and each time that one of some traits changes. */
export function follow(model, life, names, call) {
  for (const name of names) model.on(`change:${name}`, call);
  life?.addEventListener("abort", () => names.forEach((name) => model.off(`change:${name}`, call)));
  call();
}

/** Set traits, and tell the kernel. */
export function set(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}
