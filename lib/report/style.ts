import { Html } from './html.ts';

/** The report's style sheet: light and dark by the reader's preference, readable on paper. */
export const style = new Html(`<style>
:root {
  --paper: #ffffff; --ink: #1c2126; --quiet: #5b6570; --line: #d9dee3; --grid: #e8ebee; --tint: #f4f6f8;
  --blue: #1f5fa8; --orange: #b3541e; --green: #24754a; --violet: #7248a8; --red: #b3263a; --teal: #11737d;
  --olive: #75701a; --brown: #8a5a2b; --grey: #6b7580; --good: #24754a; --hold: #8a5a00;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14181c; --ink: #e4e8ec; --quiet: #9aa5b0; --line: #343c44; --grid: #262d34; --tint: #1c2228;
    --blue: #6aa9f0; --orange: #f0965a; --green: #5cc28a; --violet: #b394e6; --red: #f07a86; --teal: #54bcc6;
    --olive: #c4be5a; --brown: #c99a6b; --grey: #98a3ae; --good: #5cc28a; --hold: #e0b050;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 52rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.run { margin: 0; color: var(--quiet); }
.run time { margin-left: .75rem; }
h1 { margin: .25rem 0 1rem; padding-left: 1rem; border-left: .4rem solid var(--hold); font-size: 1.5rem; line-height: 1.3; }
h1.promoted { border-color: var(--good); }
h2 { margin: 3rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); font-size: 1.25rem; }
h3 { margin: 2rem 0 .5rem; font-size: 1.05rem; }
p, ul { margin: .5rem 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
a { color: var(--blue); }
code, pre { font: .875em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { overflow: auto; max-height: 32rem; padding: 1rem; border-radius: .4rem; background: var(--tint); }
summary { cursor: pointer; color: var(--quiet); }
summary:focus-visible, a:focus-visible, .scroll:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
.scroll { overflow-x: auto; margin: 1.25rem 0; }
table { border-collapse: collapse; min-width: 50%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { padding-bottom: .4rem; text-align: left; font-weight: 600; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
thead th { border-bottom-color: var(--line); color: var(--quiet); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 500; }
tbody th.text { white-space: nowrap; }
tbody .long { min-width: 7rem; overflow-wrap: anywhere; }
tbody td.long { min-width: 14rem; }
th.number, td.number { text-align: right; }
td.number { white-space: nowrap; }
td ol { margin: 0; padding-left: 1.2rem; }
small { color: var(--quiet); font-size: .8em; }
.reasons { padding-left: 1.1rem; color: var(--quiet); }
.reasons li:last-child { color: var(--ink); }
.key { width: .8em; height: .8em; }
.chart { display: block; width: 100%; height: auto; margin: 1.25rem 0; font-size: 13px; }
.chart.narrow { display: none; max-width: 30rem; }
.chart .label { fill: var(--ink); }
.chart .strong { font-weight: 650; }
.chart .tick { fill: var(--quiet); }
.chart .grid { stroke: var(--grid); }
.chart .axis { stroke: var(--quiet); }
.chart .bar { fill: var(--blue); }
.chart .bar.muted { fill: var(--grey); opacity: .6; }
.chart .interval { stroke-width: 3; stroke-dasharray: none; }
.chart .line { fill: none; stroke-width: 2; }
.rival { stroke: var(--grey); } .mark.rival { fill: var(--grey); }
.champion { stroke: var(--violet); } .mark.champion { fill: var(--violet); }
.series-0 { stroke: var(--blue); } .mark.series-0, .dot.series-0 { fill: var(--blue); }
.series-1 { stroke: var(--orange); stroke-dasharray: 7 3; } .mark.series-1, .dot.series-1 { fill: var(--orange); }
.series-2 { stroke: var(--green); stroke-dasharray: 2 3; } .mark.series-2, .dot.series-2 { fill: var(--green); }
.series-3 { stroke: var(--red); stroke-dasharray: 9 3 2 3; } .mark.series-3, .dot.series-3 { fill: var(--red); }
.series-4 { stroke: var(--teal); } .mark.series-4, .dot.series-4 { fill: var(--teal); }
.series-5 { stroke: var(--olive); stroke-dasharray: 7 3; } .mark.series-5, .dot.series-5 { fill: var(--olive); }
.series-6 { stroke: var(--brown); stroke-dasharray: 2 3; } .mark.series-6, .dot.series-6 { fill: var(--brown); }
.mark { stroke: none; }
.chart .dot { stroke: var(--paper); stroke-width: 1.5; stroke-dasharray: none; }
@media screen and (max-width: 40rem) {
  body { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.25rem; }
  .chart.wide { display: none; }
  .chart.narrow { display: block; }
  th, td { padding-right: .5rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  nav { display: none; }
  h2, h3, caption { break-after: avoid; }
  .chart, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: .7rem; }
  /* A page cannot be scrolled sideways: wide tables break in their cells. */
  th, td { padding: .25rem .4rem .25rem 0; }
  tbody th.text, td.number { white-space: normal; }
  tbody .long, tbody td.long { min-width: 0; }
  summary { list-style: none; }
  details::details-content { display: block; content-visibility: visible; }
  pre { max-height: none; padding: 0; white-space: pre-wrap; }
}
</style>`);
