import { account } from './emulator.ts';

/** As little as goes through every state. */
export const config = {
  environment: {
    layers: 1,
    subsetFraction: 0.5,
    candidates: 2,
    similarCandidates: 1,
    stateDimension: 8,
    itemTokens: { epochs: 0.5 },
    adapter: { layers: 1, rank: 1, batchTokens: 256 },
  },
  training: {
    models: [
      { name: 'sasrec', backbone: 'sasrec', objective: 'supervised' },
      { name: 'sasrec-lea', backbone: 'sasrec', objective: 'snqn', lea: {} },
    ],
    dimension: 16,
    maximumEpochs: 3,
  },
  // Small shards: the environment is asked by more than one invocation.
  sequences: { minimumUserInteractions: 3, minimumItemInteractions: 1, shardItems: 64 },
  // Every night with all models: the second one is to ask the environment again.
  promotion: { minimumTestCases: 1, renewalGrowth: 0 },
  operations: {
    monthlyBudgetUsd: 25,
    inbox: {
      // Who looks on here: the account's root user.
      operators: [`arn:aws:iam::${account}:root`],
      sources: [{ name: 'shop' }, { name: 'models', catalog: false, baseModels: true }],
    },
  },
};

/** A small catalogue. */
export const items = Array.from({ length: 30 }, (_, item) => ({
  item_id: `item-${item}`,
  title: `Title ${item}`,
}));
/** Ten interactions of each of sixty users. */
export const rows = Array.from({ length: 60 }, (_, user) =>
  Array.from({ length: 10 }, (_, at) => ({
    user_id: `user-${user}`,
    item_id: `item-${(user * 7 + at * (1 + (user % 3))) % 30}`,
    timestamp: 1_700_000_000 + user * 1000 + at,
  })),
).flat();
export const lines = (values: object[]) =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');
