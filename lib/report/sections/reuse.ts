import { usdText } from '#lib/cost/usd.ts';
import { duration, percent, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

/** What a run took from earlier ones instead of paying for it again. */
export interface EnvironmentReuse {
  /** The run that fitted the environment; null if it was this one. */
  readonly fittedBy: string | null;
  /** ISO 8601. */
  readonly fittedAt: string;
  /** Items that have come since then. */
  readonly newItems: number;
  /** Transitions with an answer, and how many of those answers an earlier run had. */
  readonly transitions: number;
  readonly reused: number;
  /** The run that had them. */
  readonly answersOf: string | null;
  /** At the pace of the answers that were asked for; undefined where none were, or too few to tell. */
  readonly savedSeconds: number | undefined;
  readonly savedUsd: number | undefined;
  readonly instanceType: string;
}

/** Sentences about what was fitted and asked before. */
export function reuseParagraph(reuse: EnvironmentReuse | undefined): Html | undefined {
  if (reuse === undefined) return undefined;
  const { fittedBy, newItems, transitions, reused, answersOf, savedSeconds, savedUsd } = reuse;
  const fitted =
    fittedBy === null
      ? 'It was fitted in this run.'
      : `It is that of run ${fittedBy} (${reuse.fittedAt.slice(0, 10)}); ${newItems === 0 ? 'no item has' : `${whole(newItems)} ${newItems === 1 ? 'item has' : 'items have'}`} come since, of which it knows the text alone.`;
  const saved =
    savedSeconds === undefined || reused === 0
      ? ''
      : `, which saved about ${duration(savedSeconds)} of ${reuse.instanceType}${savedUsd === undefined ? '' : ` (${usdText(savedUsd)})`}`;
  const answers =
    answersOf === null
      ? `${whole(transitions)} transitions were asked about.`
      : `Of ${whole(transitions)} transitions ${whole(reused)} (${percent(transitions === 0 ? 0 : reused / transitions)}) were answered before, in run ${answersOf} or earlier${saved}; ${whole(transitions - reused)} were asked about.`;
  return html`<p>${fitted} ${answers}</p>`;
}
