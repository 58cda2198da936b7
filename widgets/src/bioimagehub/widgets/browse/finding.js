// What the kernel found: asked as one types, the newest question alone; rows come in pages, those in sight alone.

const PAGE = 40;
const PAGES = 60;
const PATIENCE_MS = 30;
const SETTLED_MS = 60;

/** Give what is asked: text, filters and order, as the traits have them. */
export function question(model) {
  return { text: model.get("text"), filters: model.get("filters"), sort: model.get("sort") };
}

/**
 * Keep the answer to what is asked. `began` is called as a question changes, `found` with each answer, `failed` with
 * what went wrong.
 * `row(index)` is a row or undefined, `ensure(first, last)` asks for those that are missing and calls `filled`.
 */
export function makeFinding({ model, ask, life, began, found, filled, failed }) {
  let pages = new Map();
  let pending = new Map();
  let asked = null;
  let current = null;
  let control = null;
  let timer = 0;
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
    const wanted = question(model);
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
  }

  const soon = (wait = PATIENCE_MS) => {
    began();
    clearTimeout(timer);
    timer = setTimeout(search, wait);
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

  const stop = () => {
    clearTimeout(timer);
    clearTimeout(settling);
    control?.abort();
    forget();
  };
  const changed = () => soon();
  for (const name of ["text", "filters", "sort"]) model.on(`change:${name}`, changed);
  life.addEventListener("abort", () => {
    stop();
    for (const name of ["text", "filters", "sort"]) model.off(`change:${name}`, changed);
  });

  return {
    start: () => soon(0),
    count: () => current?.count ?? 0,
    answer: () => current,
    row: (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE],
    /** Ask for rows that are missing, once scrolling has come to rest. */
    ensure(first, last) {
      clearTimeout(settling);
      if (current === null || last < first) return;
      settling = setTimeout(() => fetchMissing(Math.max(0, first), last), SETTLED_MS);
    },
  };
}
