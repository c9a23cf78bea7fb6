import { describe, expect, it } from 'vitest';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import type { Evaluation, Stratum } from '#lib/evaluation/evaluation-file.ts';
import { decide } from '#lib/promotion/verdict.ts';
import { renderReport } from '#lib/report/run-report.ts';
import { strataSection } from '#lib/report/sections/strata.ts';
import { alike, better, evaluationOf, worse } from '../promotion/evaluations.ts';
import { reportOf } from './reports.ts';

const verdictOf = (evaluation: Evaluation) => decide(evaluation, promotionConfig.parse({}));

function stratum(
  by: Stratum['by'],
  name: string,
  difference: { difference: number; low: number; high: number } | undefined,
): Stratum {
  const value = (ndcg: number) => ({
    'ndcg@10': { value: ndcg, low: ndcg - 0.01, high: ndcg + 0.01 },
  });
  return {
    by,
    name,
    cases: difference === undefined ? 12 : 1234,
    users: difference === undefined ? 12 : 900,
    rankers:
      difference === undefined
        ? []
        : [
            { name: 'new', metrics: value(0.2222) },
            { name: 'popularity', metrics: value(0.1111) },
            { name: 'champion', metrics: value(0.1333) },
          ],
    differences:
      difference === undefined
        ? []
        : [
            { a: 'new', b: 'popularity', ...difference },
            // Told the other way round.
            {
              a: 'champion',
              b: 'new',
              difference: -difference.difference,
              low: -difference.high,
              high: -difference.low,
            },
          ],
  };
}

const told: Evaluation = {
  ...evaluationOf(),
  strata: [
    stratum('history', '1 action', better),
    stratum('item', 'cold', worse),
    stratum('item', 'tail', undefined),
    stratum('user', 'new', alike),
    stratum('event', 'view <b>', alike),
  ],
  lists: [
    {
      name: 'new',
      distinctItems: 1234,
      coverage: 0.25,
      commonestShare: 0.5,
      novelty: { value: 10.25, low: 10.2, high: 10.3 },
    },
    {
      name: 'other',
      distinctItems: 39,
      coverage: 0.01,
      commonestShare: 0.9,
      novelty: { value: 6, low: 5.9, high: 6.1 },
    },
  ],
};

const textOf = (evaluation: Evaluation) =>
  strataSection(evaluation, verdictOf(evaluation))!
    .text.replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/[ \n]+/g, ' ');

describe('Function: strataSection', () => {
  it('says for whom the new champion is better than the strongest others and for whom not', () => {
    expect(textOf(told)).toContain(
      'new against the champion sasrec of run yesterday: better with histories of 1 action (+0.0010 to +0.0200); worse with cold items (−0.0300 to −0.0100); no difference shown with the others.',
    );
    expect(textOf(told)).toContain('new against the rival popularity: better with');
  });

  it('says nothing of strata with too few cases but how many they have', () => {
    const text = textOf(told);
    expect(text).toContain('to say anything of tail items (12).');
    expect(text.match(/tail items/g)!.length).toBe(1);
  });

  it('tells what lists hold, the others’ folded away', () => {
    const text = textOf(told);
    expect(text).toContain(
      'new 1\u202f234 25.0\u202f% of all 50.0\u202f% of all 10.25 10.20 to 10.30',
    );
    expect(text.indexOf('other 39')).toBeGreaterThan(text.indexOf('hold as a table'));
  });

  it('is part of the report if the evaluation has strata, with names escaped', () => {
    const page = renderReport(reportOf({ evaluation: told }));
    expect(page).toContain('<section id="strata"');
    expect(page).toContain('events view &lt;b&gt;');
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(strataSection(evaluationOf(), verdictOf(evaluationOf()))).toBeUndefined();
  });
});
