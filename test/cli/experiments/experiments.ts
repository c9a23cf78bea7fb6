import type { ExperimentResults } from '#cli/experiments/results.ts';
import { environmentConfig } from '#lib/contracts/config/environment.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { modelConfig, trainingSettings } from '#lib/contracts/config/training.ts';

const scores = (ndcg10: number) => ({ hr5: ndcg10, ndcg5: ndcg10, hr10: 2 * ndcg10, ndcg10 });

const compared = (a: string, b: string, difference: number) => ({
  ...{ a, b, difference, confidence: 0.95 },
  low: difference - 0.01,
  high: difference + 0.01,
  p: difference > 0.01 ? 0.0001 : 0.4,
});

/** Results of a grid with a model that reads an environment, and a control of it. */
export function experimentOf(): ExperimentResults {
  const lea = 'sasrec:snqn:lea={}+small';
  const control = `${lea}, actions-neighbours`;
  const names = ['sasrec:snqn', lea, control];
  const model = modelConfig.parse({ name: 'model', backbone: 'sasrec', objective: 'snqn' });
  const settings = resolveModel(trainingSettings.parse({}), model);
  const trials = [
    { settings: {}, validation: 0.1, seconds: 12 },
    { settings: { learningRate: 0.002 }, validation: 0.11, seconds: 14 },
  ];
  const grid = [
    { ...compared('sasrec:snqn', 'rules-x-recent', -0.03), holm: 0.001, verdict: 'worse' as const },
    { ...compared(lea, 'rules-x-recent', -0.005), holm: 0.5, verdict: 'none' as const },
    { ...compared(lea, 'sasrec:snqn', 0.02), holm: 0.001, verdict: 'better' as const },
    { ...compared(lea, control, 0.002), holm: 0.8, verdict: 'none' as const },
  ];
  return {
    data: {
      ...{ file: 'interactions.jsonl.gz', format: 'interactions', split: 'leave-one-out' },
      ...{ users: 723, items: 746, trainItems: 744, interactions: 7269, duplicates: 0 },
      ...{
        trainSequences: 727,
        trainTransitions: 5100,
        validationCases: 723,
        testCases: 723,
        leftOutCases: 0,
      },
      ...{ shards: 3, window: 50, baskets: false, basketShare: 0, repeatShare: 0 },
      ...{ excludeHistory: true, since: null, newestAction: 1_378_067_256, arrivedCases: 0 },
      dataHash: '0f1889e1c5674304fe6e74b23093b5cbb036e8924e593d99e3c9d812aba3cf8b',
    },
    audit: { tied: 0, cold: 0.01, repeats: 0, repeatedTargets: 0, drift: 0.5, driftByChance: 0.3 },
    machine: { processor: 'a processor', cores: 2 },
    ...{ configHash: 'c', commit: '3ca5072', versions: { tensorflow: '2.9.1' } },
    same: [{ name: 'sasrec:supervised:reward', as: 'sasrec:supervised' }],
    environments: [
      {
        ...{ name: 'small', settings: environmentConfig.parse({}), fitCpuSeconds: 7 },
        ...{ parameters: 1e6, users: 400, tokens: 1e5, flops: 1e12, heldOutPositions: 100 },
        ...{ askCpuSeconds: 1.2, transitions: 5100, pairAccuracy: 0.54 },
        ...{ popularityPairAccuracy: 0.66, recallAt10: 0.12, popularityRecallAt10: 0.13 },
      },
    ],
    tuning: [{ name: lea, trials, chosen: trials[1]!.settings }],
    models: names.map((name, at) => ({
      ...{ name, seed: 1, ...scores(0.1 + at / 100), backbone: 'sasrec', objective: 'snqn' },
      ...{ validation: scores(0.1), cold: null, shown: 200, epochs: 2, bestEpoch: 2 },
      curve: [1, 2].map((epoch) => ({ epoch, loss: 5 / epoch, 'validation_ndcg@10': epoch / 20 })),
      ...{ trainingSeconds: 12 + at, seconds: 13 },
      manifest: {
        ...{ fingerprint: 'f', settings, versions: { tensorflow: '2.9.1' } },
        ...{ dataHash: 'd', configHash: 'c', machine: { processor: 'a processor', cores: 2 } },
        ...{ commit: '3ca5072', finishedAt: '2026-11-29T08:00:00.000Z' },
      },
    })),
    summary: names.map((name, at) => ({
      ...{ name, seeds: 2, mean: scores(0.1 + at / 100), deviation: scores(0.002) },
      ...{ controls: name === control ? lea : null, cold: null, shown: 200, gain: null },
    })),
    baselines: [{ name: 'rules-x-recent', ...scores(0.13), validation: scores(0.12), seconds: 1 }],
    comparisons: [],
    noiseFloor: 0.004,
    primary: { ...compared(lea, 'sasrec:snqn', 0.02), verdict: 'better' },
    strata: [
      {
        ...{ by: 'history', name: '2 to 4 actions', cases: 306 },
        rankers: ['rules-x-recent', ...names.slice(0, 2)].map((name) => ({ name, ndcg10: 0.1 })),
      },
    ],
    trend: [0, 1, 2].map((part) => ({
      ...{ from: 1.37e9 + part * 86_400, to: 1.37e9 + part * 86_400 + 80_000, cases: 241 },
      rankers: ['rules-x-recent', ...names.slice(0, 2)].map((name, at) => ({
        name,
        ndcg10: 0.1 - part / 100 + at / 200,
      })),
    })),
    grid,
  };
}
