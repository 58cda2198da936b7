// Another widget, such as a viewer or a download, inside of this one.

/** Show in `place` the widget that the trait `panel` names; `box` around it is hidden while there is none. */
export function showInside({ model, host, box, place, failed, life }) {
  let own = null;

  async function changed() {
    own?.abort();
    place.replaceChildren();
    const named = model.get("panel");
    box.hidden = named === "";
    if (named === "") return;
    const control = (own = new AbortController());
    try {
      const widget = await host.getWidget(named);
      if (!control.signal.aborted) await widget.render({ el: place, signal: control.signal });
    } catch (error) {
      if (!control.signal.aborted) failed(error);
    }
  }

  model.on("change:panel", changed);
  life.addEventListener("abort", () => {
    own?.abort();
    model.off("change:panel", changed);
  });
  changed();
}
