// What the kernel found: asked as one types, the newest question alone; rows come in pages, those in sight alone.

const PAGE = 40;
const PAGES = 60;
const PATIENCE_MS = 30;
const SETTLED_MS = 60;
const QUIET_MS = 150;

const ASKED = ["text", "filters", "sort"];

/**
 * Keep what is asked, and the answer to it. `began` is called as a question changes, `found` with each answer, `failed`
 * with what went wrong. `state()` is what is asked, `change(part)` asks for something else, `choose` for one more value
 * or one less.
 * `row(index)` is a row or undefined, `ensure(first, last)` asks for those that are missing and calls `filled`,
 * `identifiers(first, last)` is a promise of the identifiers of those rows, here or not.
 */
export function makeFinding({ model, ask, life, began, found, filled, failed }) {
  let pages = new Map();
  let pending = new Map();
  // What is asked here is ahead of the traits, which follow the answers: so no echo of an older state of them can turn
  // back what was typed since.
  let state = Object.fromEntries(ASKED.map((name) => [name, model.get(name)]));
  let asked = null;
  let current = null;
  let control = null;
  let isAsked = false;
  let isOwn = false;
  let timer = 0;
  let saving = 0;
  let settling = 0;

  const report = (error) => {
    if (error.name !== "AbortError") failed(error);
  };
  const forget = () => {
    for (const each of pending.values()) each.abort();
    pending = new Map();
  };

  async function search() {
    control?.abort();
    const own = (control = new AbortController());
    const wanted = state;
    isAsked = true;
    try {
      const { content } = await ask("search", wanted, { signal: own.signal });
      if (own.signal.aborted) return;
      forget();
      asked = wanted;
      current = content;
      pages = new Map([[0, content.rows]]);
      failed(null);
      found(content);
    } catch (error) {
      report(error);
    }
    if (control !== own) return;
    isAsked = false;
    saving = setTimeout(save, QUIET_MS, wanted);
  }

  /** Let the traits follow: once the keys come to rest, for what somebody waits for goes first. */
  function save(wanted) {
    isOwn = true;
    model.set(wanted);
    isOwn = false;
    model.save_changes();
  }

  /** Ask at once; while an answer is on its way, once the keys come to rest. */
  const soon = () => {
    began();
    clearTimeout(timer);
    clearTimeout(saving);
    timer = setTimeout(search, isAsked ? PATIENCE_MS : 0);
  };

  async function fetchPage(page) {
    const own = new AbortController();
    pending.set(page, own);
    try {
      const { content } = await ask("rows", { ...asked, offset: page * PAGE }, { signal: own.signal });
      if (own.signal.aborted) return;
      pages.set(page, content.rows);
      // The oldest make room: a map keeps the order in which it was filled.
      for (const old of pages.keys()) if (pages.size > PAGES && old !== page) pages.delete(old);
      filled();
    } catch (error) {
      report(error);
    } finally {
      if (pending.get(page) === own) pending.delete(page);
    }
  }

  function fetchMissing(first, last) {
    const wanted = new Set();
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) wanted.add(page);
    for (const [page, own] of pending) {
      if (wanted.has(page)) continue;
      own.abort();
      pending.delete(page);
    }
    for (const page of wanted) if (!pages.has(page) && !pending.has(page)) fetchPage(page);
  }

  const row = (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  async function identifiers(first, last) {
    const here = Array.from({ length: last - first + 1 }, (_, place) => row(first + place)?.id);
    if (here.every(Boolean)) return here;
    const listed = asked, told = [];
    while (told.length < here.length) {
      const { content } = await ask("range", { ...listed, from: first + told.length, to: last }, { signal: life });
      if (content.identifiers.length === 0) break;
      told.push(...content.identifiers);
    }
    return told;
  }

  function change(part) {
    state = { ...state, ...part };
    soon();
  }
  /** Take what Python, or another view of the widget, asks for. */
  function follow() {
    const told = Object.fromEntries(ASKED.map((name) => [name, model.get(name)]));
    if (JSON.stringify(told) !== JSON.stringify(state) && !isOwn) change(told);
  }

  const stop = () => {
    clearTimeout(timer);
    clearTimeout(settling);
    clearTimeout(saving);
    control?.abort();
    forget();
  };
  for (const name of ASKED) model.on(`change:${name}`, follow);
  life.addEventListener("abort", () => {
    stop();
    for (const name of ASKED) model.off(`change:${name}`, follow);
  });

  return {
    start: soon,
    state: () => state,
    change,
    /** Choose or leave a value of a facet. */
    choose(facet, value, on) {
      const values = (state.filters[facet] ?? []).filter((each) => each !== value);
      if (on) values.push(value);
      const { [facet]: _, ...others } = state.filters;
      change({ filters: values.length ? { ...others, [facet]: values } : others });
    },
    count: () => current?.count ?? 0,
    answer: () => current,
    row,
    identifiers,
    /** Ask for rows that are missing, once scrolling has come to rest. */
    ensure(first, last) {
      clearTimeout(settling);
      if (current === null || last < first) return;
      settling = setTimeout(() => fetchMissing(Math.max(0, first), last), SETTLED_MS);
    },
  };
}
