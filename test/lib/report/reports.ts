import { parseConfig } from '#lib/contracts/config.ts';
import { decide } from '#lib/promotion/verdict.ts';
import { AugmentationCollector } from '#lib/report/augmentation.ts';
import type { RunReport } from '#lib/report/run-report.ts';
import { augmentedShard } from '../environment/responses.ts';
import { evaluationOf } from '../promotion/evaluations.ts';

export const config = parseConfig(
  {
    training: {
      models: [{ name: 'new', backbone: 'sasrec', objective: 'snqn', lea: {} }],
    },
  },
  'test',
);

const environment = {
  baseModel: 'smollm2-135m-instruct',
  baseModelOrigin: 'a package',
  parameters: 134_515_008,
  trainableParameters: 460_800,
  layers: 30,
  subsetFraction: 0.3,
  users: 1300,
  pairAccuracy: 0.8234,
  popularityPairAccuracy: 0.741,
  recallAt10: 0.12,
  recallAt50: 0.31,
  popularityRecallAt10: 0.07,
  calibration: [
    { reward: -0.5, loggedShare: 0.2, actions: 400 },
    { reward: 0.9, loggedShare: 0.8, actions: 401 },
  ],
  spreadAgainstError: [{ spread: 0.05, errorRate: 0.1, pairs: 800 }],
  seconds: 100,
  tokens: 812_345,
};

/** Titles with everything that HTML would trip over. */
export const titles = Array.from({ length: 20 }, (_, index) =>
  index % 2 === 0 ? `Film ${index + 1} <script>alert("x")</script> & 'Co'` : `Фильм ${index + 1}`,
);

export function collect(options: { readonly totalShards?: number } = {}) {
  const collector = new AugmentationCollector(
    { titles },
    { actions: 'reward', minimumMargin: 0, uncertaintyPenalty: 0, ...options },
  );
  for (let seed = 0; seed < 3; seed++) collector.add(augmentedShard([4, 1, 3], 2, 3, seed));
  return collector.finish();
}

export function reportOf(change: Partial<RunReport> = {}): RunReport {
  const evaluation = change.evaluation ?? evaluationOf();
  return {
    run: '2026-11-23',
    createdAt: '2026-11-23T04:10:30.000Z',
    evaluation,
    verdict: decide(evaluation, config.promotion),
    lists: {
      before: 'sasrec of run yesterday',
      after: 'new of run 2026-11-23',
      users: [
        { history: ['A', titles[0]!], before: ['B', 'C'], after: ['B', titles[1]!] },
        { history: [], before: ['B'], after: ['B'] },
      ],
    },
    nights: [],
    reuse: undefined,
    served: { users: 16_554, knownUsers: 16_554, items: 10_000, knownItems: 10_506 },
    sequences: {
      users: 4333,
      items: 2414,
      interactions: 68_055,
      duplicates: 5,
      trainSequences: 4498,
      trainTransitions: 55_056,
      validationCases: 4333,
      testCases: 4333,
      leftOutCases: 0,
      shards: 30,
      window: 50,
      since: null,
      newestAction: 1_600_000_000,
      arrivedCases: 0,
      trainItems: 2100,
      basketShare: 0.01,
      baskets: false,
      split: 'leave-one-out',
      repeatShare: 0,
      excludeHistory: true,
      dataHash: 'ab'.repeat(32),
    },
    excluded: {
      read: 100_000,
      notActions: 0,
      takenBack: 0,
      unknownItems: 0,
      duplicates: 5,
      tooOld: 0,
      belowMinimum: 31_940,
      usersBelowMinimum: 12_221,
      itemsBelowMinimum: 8092,
      tiedTestCases: 0,
    },
    uploads: {
      uploads: 1,
      read: 100_012,
      good: 100_000,
      quarantined: 12,
      duplicate: 0,
      reasons: [{ reason: 'unknown-item', rows: 12 }],
      remarks: [
        { file: 'logs/a.csv', message: 'Half of the rows have <no> time.', advice: 'Give one.' },
      ],
    },
    environment,
    trial: undefined,
    shown: undefined,
    augmentation: collect(),
    learningCurves: [
      {
        name: 'new',
        curve: {
          bestEpoch: 2,
          epochs: [
            { epoch: 1, loss: 7.5, 'validation_ndcg@10': 0.05 },
            { epoch: 2, loss: 6.5, 'validation_ndcg@10': 0.1234 },
            { epoch: 3, loss: 6.1, 'validation_ndcg@10': 0.12 },
          ],
        },
      },
    ],
    timings: [
      { state: 'BuildSequences', seconds: 2.5 },
      { state: 'FitEnvironment', seconds: 112 },
    ],
    bill: [
      {
        part: 'Fit the environment (ml.g5.xlarge)',
        estimate: { low: 0.02, expected: 0.07, high: 0.36 },
        instances: [{ instanceType: 'ml.g5.xlarge', seconds: 112 }],
        gbSeconds: undefined,
        isMeasured: true,
        usd: 0.044,
      },
      {
        part: 'Orchestrate (Step Functions, S3 requests)',
        estimate: { low: 0.03, expected: 0.03, high: 0.03 },
        instances: [],
        gbSeconds: undefined,
        isMeasured: false,
        usd: 0.03,
      },
    ],
    config,
    ...change,
  };
}
