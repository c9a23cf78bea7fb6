import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import { renderReport } from '#lib/report/run-report.ts';
import { partsSection } from '#lib/report/sections/parts.ts';
import { better, comparison, evaluationOf } from '../promotion/evaluations.ts';
import { reportOf } from './reports.ts';

const configOf = (first: object, second: object) =>
  parseConfig(
    {
      training: {
        models: [
          { name: 'new', backbone: 'sasrec', objective: 'snqn', ...first },
          { name: 'other', backbone: 'sasrec', objective: 'snqn', ...second },
        ],
      },
    },
    'test',
  );

const plain = evaluationOf();
const joined: Evaluation = {
  ...plain,
  baselines: [...plain.baselines, { ...plain.baselines[0]!, name: 'all-x-recent' }],
  comparisons: [
    ...plain.comparisons,
    ...['new', 'other'].map((a) => comparison(a, 'all-x-recent', better)),
  ],
  models: plain.models.map((model) => ({
    ...model,
    parts: [
      { added: 'network', hr10: 0.1, ndcg10: 0.05 },
      { added: 'histories', hr10: 0.2, ndcg10: 0.0825 },
      { added: 'counts', hr10: 0.3, ndcg10: 0.08 },
    ],
  })),
};

const textOf = (evaluation: Evaluation, config = configOf({}, { seed: 7 })) =>
  partsSection(evaluation, config)
    ?.text.replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/[ \n]+/g, ' ');

describe('Function: partsSection', () => {
  it('shows each step with what it added, and the same without a network', () => {
    const text = textOf(joined);
    expect(text).toContain('network alone 0.0500 0.0500');
    expect(text).toContain('+ rules and neighbours 0.0825 +0.0325 0.0825 +0.0325');
    expect(text).toContain('+ recent counts 0.0800 −0.0025');
    expect(text).toContain('The same without a network (the rival all-x-recent): 0.1000.');
    expect(renderReport(reportOf({ evaluation: joined }))).toContain('<section id="parts"');
  });

  it('compares twins that differ in the environment alone, whatever their seeds', () => {
    expect(textOf(joined, configOf({ lea: {} }, { seed: 7 }))).toContain(
      'the LLM environment (new against its twin other): better, test NDCG@10 +0.0300, 95 % interval +0.0100 to +0.0500.',
    );
    expect(textOf(joined, configOf({ lea: {} }, { window: 10 }))).not.toContain('twin');
  });

  it('is left out where nothing is joined', () => {
    expect(textOf(plain)).toBeUndefined();
  });
});
