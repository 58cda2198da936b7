"""How pages look: one style sheet inside the page, for light and dark screens and for phones."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --pale: #5b6670; --line: #d7dde2; --page: #fff; --soft: #f3f6f8;
  --mark: #0b6e99; --good: #d9eef6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebee; --pale: #a0abb4; --line: #39434b; --page: #14181b;
  --soft: #1e2429; --mark: #62c1e8; --good: #17394a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; color: var(--ink); background: var(--page);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: .5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, ul { max-width: 46rem; } a { color: var(--mark); } .pale { color: var(--pale); } .small { font-size: .85rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { border-bottom: 2px solid var(--line); font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; }
td .pale { display: block; font-size: .8rem; }
tr.control td { background: var(--soft); font-style: italic; }
tr.tied td:first-child { box-shadow: inset .25rem 0 var(--mark); }
.name { overflow-wrap: anywhere; min-width: 9rem; }
.badge { font-size: .75rem; font-style: normal; border: 1px solid var(--line); border-radius: .6rem; padding: 0 .4rem;
  color: var(--pale); white-space: nowrap; }
svg { display: block; width: 10rem; max-width: 100%; height: auto; margin-top: .25rem; }
svg line { stroke: var(--mark); }
svg circle { fill: var(--mark); }
.control svg line { stroke: var(--pale); } .control svg circle { fill: var(--page); stroke: var(--pale); }
td.differ { background: var(--good); }
code { overflow-wrap: anywhere; font-size: .85rem; }
@media (max-width: 44rem) {
  .board thead { display: none; }
  .board, .board tbody { display: block; }
  .board tr { display: grid; grid-template-columns: 1fr 1fr 1fr; border: 1px solid var(--line); border-radius: .5rem;
    margin-bottom: .6rem; padding: .3rem; }
  .board tr.tied { border-left: .25rem solid var(--mark); } .board tr.tied td:first-child { box-shadow: none; }
  .board tr.control { background: var(--soft); }
  .board td, .board td.number { border: 0; text-align: left; padding: .2rem .4rem; white-space: normal; }
  .board td::before { content: attr(data-label); display: block; font-size: .75rem; font-style: normal;
    color: var(--pale); }
  .board td.name { grid-column: 2 / -1; font-weight: 600; min-width: 0; }
  .board td.wide { grid-column: 2 / -1; align-self: center; }
  .board td.rank::before, .board td.name::before, .board td.wide::before { content: none; }
}
"""
