import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import type { Verdict } from '#lib/promotion/verdict.ts';
import { headline } from '../headline.ts';
import { type Html, html } from '../html.ts';

/** The verdict in one sentence, how it came about, and why models are behind a rival if they are. */
export function verdictSection(evaluation: Evaluation, verdict: Verdict): Html {
  const { promoted, reasons, diagnosis } = verdict;
  return html`<h1 class="${promoted ? 'promoted' : 'kept'}">${headline(evaluation, verdict)}</h1>
<ul class="reasons">${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>
${
  diagnosis.length > 0 &&
  html`<h2>What to try</h2><ul>${diagnosis.map((finding) => html`<li>${finding}</li>`)}</ul>`
}`;
}
