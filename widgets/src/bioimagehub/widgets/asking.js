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

/** Send what is said at the same moment as one message: each costs the notebook and its server more than its content. */
function makePost(model) {
  let asked = new Map(), taken = [], due = false;
  const flush = () => {
    const all = [...asked.values()];
    if (taken.length > 0) all.unshift({ cancel: taken });
    asked = new Map();
    taken = [];
    due = false;
    if (all.length > 0) model.send(all.length === 1 ? all[0] : { all });
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
      model.send(message, undefined, buffers);
    },
    cancel(id) {
      if (!asked.delete(id)) taken.push(id);
      later();
    },
  };
}

/**
 * Give the function that asks: `ask(name, content, { buffers, signal })` is a promise of `{ content, buffers }`.
 * It rejects with a Problem, or with an AbortError after `signal` was aborted. `content` has no field `all`, `ask`,
 * `cancel` or `id`: they belong to the question.
 */
export function makeAsking(model, life) {
  let last = 0;
  const waiting = new Map(), post = makePost(model);
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
