// Questions to the kernel: many at once, each with one answer, and taken back when nobody wants it any more.

/** An error of the kernel, in three parts. */
export class Problem extends Error {
  constructor({ what, found, cure }) {
    super([what, found, cure].filter(Boolean).join(" "));
    this.parts = { what, found, cure };
  }
}

// The fields of a message that say what it is.
const OWN = ["all", "ask", "cancel", "id"];
// States of a kernel after which it knows nothing of what was asked before.
const ENDED = ["autorestarting", "dead", "restarting"];
const LOST = {
  what: "The kernel does not answer.", found: "It was restarted or has ended, and the widget with it.", cure: "Run the cell again.",
};

/** Call `lost` when the kernel has lost the widget: then no answer comes any more. One that is merely slow is not lost. */
function watchKernel(model, lost, life) {
  // The widget manager says this of a model when the kernel is restarted, and never the contrary: a new cell has new models.
  model.on("comm_live_update", lost);
  // It does not when a kernel died by itself. Not every front end lets the page see its kernel.
  const changed = model.widget_manager?.kernel?.statusChanged;
  const hear = (_, status) => { if (ENDED.includes(status)) lost(); };
  changed?.connect?.(hear);
  life?.addEventListener("abort", () => {
    model.off("comm_live_update", lost);
    changed?.disconnect?.(hear);
  });
}

/**
 * Send what is said at the same moment as one message: each costs the notebook and its server more than its content.
 * `refused` is given the messages that could not be sent, and the error.
 */
function makePost(model, refused) {
  let asked = new Map(), taken = [], due = false;
  const send = (all, ...others) => {
    try {
      model.send(all.length === 1 ? all[0] : { all }, ...others);
    } catch (error) {
      refused(all, error);
    }
  };
  const flush = () => {
    const all = [...asked.values()];
    if (taken.length > 0) all.unshift({ cancel: taken });
    asked = new Map();
    taken = [];
    due = false;
    if (all.length > 0) send(all);
  };
  const later = () => {
    if (!due) queueMicrotask(flush);
    due = true;
  };
  return {
    ask(message, buffers) {
      if (buffers.length === 0) {
        asked.set(message.id, message);
        return later();
      }
      flush();
      send([message], undefined, buffers);
    },
    cancel(id) {
      if (!asked.delete(id)) taken.push(id);
      later();
    },
  };
}

/**
 * Give the function that asks: `ask(name, content, { buffers, signal })` is a promise of `{ content, buffers }`.
 * It rejects with a Problem, also when the kernel has lost the widget, or with an AbortError after `signal` was aborted.
 * `content` has no field `all`, `ask`, `cancel` or `id`: they belong to the question.
 */
export function makeAsking(model, life) {
  let last = 0, isLost = false;
  const waiting = new Map();
  const refuse = (id, parts) => {
    const open = waiting.get(id);
    waiting.delete(id);
    open?.forget();
    open?.reject(new Problem(parts));
  };
  const post = makePost(model, (messages, error) => {
    for (const { ask, id } of messages) {
      refuse(id, { what: `The question ${ask} was not sent.`, found: `${error?.message ?? error}`, cure: "Run the cell again." });
    }
  });
  watchKernel(model, () => {
    isLost = true;
    for (const id of [...waiting.keys()]) refuse(id, LOST);
  }, life);
  const receive = (message, buffers) => {
    const open = waiting.get(message.answer);
    if (open === undefined) return;
    waiting.delete(message.answer);
    open.forget();
    if (message.problem) open.reject(new Problem(message.problem));
    else open.resolve({ content: message, buffers: buffers ?? [] });
  };
  model.on("msg:custom", receive);
  life?.addEventListener("abort", () => model.off("msg:custom", receive));
  // A page and its copy in another window share the model: their numbers must differ.
  const begin = Math.floor(Math.random() * 2 ** 21) * 2 ** 31;
  return function ask(name, content = {}, { buffers = [], signal } = {}) {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new DOMException("Taken back", "AbortError"));
      if (signal?.aborted) return gone();
      if (isLost) return reject(new Problem(LOST));
      const taken = OWN.filter((field) => field in content);
      if (taken.length) {
        return reject(new Problem({
          what: `The question ${name} was not asked.`,
          found: `Its content has the field ${taken.join(", ")}, which is the question's own.`,
          cure: "Give the field another name.",
        }));
      }
      const id = begin + (last = (last + 1) % 2 ** 31);
      const stop = () => {
        if (!waiting.delete(id)) return;
        post.cancel(id);
        gone();
      };
      // A signal may live as long as the widget, and must not keep all that was ever asked.
      waiting.set(id, { resolve, reject, forget: () => signal?.removeEventListener("abort", stop) });
      signal?.addEventListener("abort", stop, { once: true });
      post.ask({ ...content, ask: name, id }, buffers);
    });
  };
}
