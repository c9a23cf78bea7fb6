import { describe, expect, it } from 'vitest';
import type { RenewalPlan } from '#lib/promotion/renewal.ts';
import { runSummary, summarise } from '#lib/report/summary.ts';
import { summaryTable } from '#lib/report/table.ts';
import { alike, evaluationOf } from '../promotion/evaluations.ts';
import { reportOf } from './reports.ts';

const input = (change: Parameters<typeof reportOf>[0] = {}) => ({
  ...reportOf(change),
  seconds: 211.5,
  report: 'runs/2026-11-23/report/index.html',
  quarantined: 12,
  augmentedTransitions: 55_056,
  reusedTransitions: 54_000,
  renewal: { kind: 'all' } as RenewalPlan,
});

describe('Function: summarise', () => {
  it('says what the run says elsewhere', () => {
    // Act
    const summary = summarise(input());

    // Assess
    expect(runSummary.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
    expect(summary).toEqual({
      status: 'succeeded',
      seconds: 211.5,
      interactions: 68_055,
      quarantined: 12,
      users: 4333,
      items: 2414,
      sequences: 4498,
      augmentedTransitions: 55_056,
      reusedTransitions: 54_000,
      environment: {
        baseModel: 'smollm2-135m-instruct',
        baseModelOrigin: 'a package',
        parameters: 134_515_008,
        pairAccuracy: 0.8234,
        subsetFraction: 0.3,
      },
      models: [
        { name: 'new', backbone: 'sasrec', objective: 'snqn', hr10: 0.3, ndcg10: 0.15, parts: [] },
        {
          name: 'other',
          backbone: 'sasrec',
          objective: 'snqn',
          hr10: 0.24,
          ndcg10: 0.12,
          parts: [],
        },
      ],
      baselines: [{ name: 'popularity', hr10: 0.2, ndcg10: 0.1 }],
      winner: 'new',
      promoted: true,
      verdict:
        'new becomes the champion: test NDCG@10 0.1500, +0.0100, better than the champion sasrec of run yesterday.',
      leftOut: [],
      served: { users: 16_554, knownUsers: 16_554, items: 10_000, knownItems: 10_506 },
      report: 'runs/2026-11-23/report/index.html',
    });
  });

  it('has no environment where none was used', () => {
    expect(summarise(input({ environment: undefined })).environment).toBeNull();
  });
});

describe('Function: summaryTable', () => {
  it('says which models wait for a night that trains all', () => {
    const models = ['new', 'second', 'third'].map((name) => {
      return { name, backbone: 'sasrec', objective: 'supervised' } as const;
    });
    const renewal: RenewalPlan = {
      kind: 'renewal',
      model: 'new',
      since: 'monday',
      growth: 0.01,
      models,
    };
    const { models: evaluated } = evaluationOf({});

    const summary = summarise({
      ...input({ evaluation: { ...evaluationOf({}), models: [evaluated[0]!] } }),
      renewal,
    });

    expect(summary.leftOut).toEqual(['second', 'third']);
    expect(summaryTable(summary)).toContain(
      'Little was new: only new was trained, second, third wait for the next night that\ntrains all.',
    );
  });

  it('lists everybody, best first, in aligned columns', () => {
    expect(summaryTable(summarise(input()))).toBe(
      [
        'ranker      kind           HR@10  NDCG@10',
        '-----------------------------------------',
        'new *       sasrec, snqn  0.3000   0.1500',
        'other       sasrec, snqn  0.2400   0.1200',
        'popularity  rival         0.2000   0.1000',
        '',
        '* new becomes the champion: test NDCG@10 0.1500, +0.0100, better than the',
        'champion sasrec of run yesterday.',
        'Served: 16554 users (100 %), 10000 items (95 %).',
      ].join('\n'),
    );
  });

  it('says what each part added, where models are joined from parts', () => {
    // Arrange
    const evaluation = evaluationOf();
    const [first, second] = evaluation.models;
    const parts = (...steps: readonly (readonly [string, number])[]) =>
      steps.map(([added, ndcg10]) => ({ added, hr10: 0.2, ndcg10 }));
    const models = [
      { ...first!, parts: parts(['network', 0.05], ['counts', 0.14], ['moderators', 0.15]) },
      { ...second!, parts: parts(['network', 0.06], ['histories', 0.08], ['counts', 0.12]) },
    ];

    // Act
    const table = summaryTable(summarise(input({ evaluation: { ...evaluation, models } })));

    // Assess
    expect(table).toContain(
      [
        'what each part added       new   other',
        '--------------------------------------',
        'network alone           0.0500  0.0600',
        '+ rules and neighbours          0.0800',
        '+ recent counts         0.1400  0.1200',
        '+ moderators            0.1500',
      ].join('\n'),
    );
  });

  it('marks nobody where the champion stays', () => {
    const table = summaryTable(summarise(input({ evaluation: evaluationOf({ champion: alike }) })));
    expect(table).not.toContain('*');
    expect(table).toContain('sasrec of run yesterday stays the champion');
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});
