import { describe, expect, it } from 'vitest';
import {
  applyControl,
  type ControlName,
  controlNames,
  isControlled,
} from '#cli/experiments/environment-study/controls.ts';
import { leaPresets } from '#lib/contracts/config/presets.ts';
import {
  type AugmentedShard,
  decodeAugmentedShard,
  encodeAugmentedShard,
  transitionOffsetsOf,
} from '#lib/environment/augmented-shard.ts';
import { randomStream } from '#lib/recommender/random.ts';
import type { ItemTable } from '#lib/sequences/item-table.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

const catalogue = 24;
const dimension = 3;
const perTransition = 2;

/** Two shards of users who walk a ring of items three at a time, and answers that differ everywhere. */
function makeWorld(excludeHistory = true) {
  const random = randomStream(7, 'controls');
  const counts = new Int32Array(catalogue);
  const shards = [0, 1].map((part): SequenceShard => {
    const rows = Array.from({ length: 12 }, (_, row) =>
      Array.from(
        { length: 4 + (row % 4) },
        (_, step) => 1 + ((part * 5 + row * 3 + step) % catalogue),
      ),
    );
    const items = Int32Array.from(rows.flat());
    for (const item of items) counts[item - 1]!++;
    const offsets = Int32Array.from([
      0,
      ...rows.map((_, row) => rows.slice(0, row + 1).flat().length),
    ]);
    return {
      users: rows.map((_, row) => `u${part}-${row}`),
      starts: new Int32Array(rows.length),
      offsets,
      items,
      timestamps: Float64Array.from(items, (_, at) => at),
      rewards: new Float32Array(items.length).fill(1),
    };
  });
  let next = 0;
  const distinct = (length: number) => Float32Array.from({ length }, () => next++ / 4096);
  const answers = shards.map(({ timestamps: _, ...shard }): AugmentedShard => {
    const transitions = shard.items.length - shard.users.length;
    const candidates: number[] = [];
    for (let row = 0; row < shard.users.length; row++) {
      const own = shard.items.subarray(shard.offsets[row]!, shard.offsets[row + 1]!);
      for (let step = 1; step < own.length; step++) {
        const open = Array.from({ length: catalogue }, (_, item) => item + 1).filter(
          (item) => !own.subarray(0, step + 1).includes(item),
        );
        const first = random.integer(open.length);
        candidates.push(open[first]!, open[(first + 1) % open.length]!);
      }
    }
    return {
      ...shard,
      stateDimension: dimension,
      // Small float16 numbers, each another one.
      states: Uint16Array.from({ length: shard.items.length * dimension }, () => next++),
      transitionOffsets: transitionOffsetsOf(shard.offsets),
      rewards: distinct(transitions),
      rewardSpreads: distinct(transitions),
      candidateOffsets: Int32Array.from({ length: transitions + 1 }, (_, at) => at * perTransition),
      candidates: Int32Array.from(candidates),
      candidateRewards: distinct(candidates.length),
      candidateRewardSpreads: distinct(candidates.length),
      candidateChances: distinct(candidates.length),
    };
  });
  const itemTable = {
    itemIds: Array.from(counts, (_, at) => `i${at}`),
    counts,
  } as unknown as ItemTable;
  return { answers, data: { itemTable, shards, baskets: false, excludeHistory } };
}

type Key = keyof AugmentedShard;
const allOf = (answers: readonly AugmentedShard[], key: Key) =>
  answers.flatMap((answer) => [...(answer[key] as Float32Array)]);
const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

/** Item, history and following items of every candidate. */
function* placed({ offsets, items, candidateOffsets, candidates }: AugmentedShard) {
  let transition = 0;
  for (let row = 0; row + 1 < offsets.length; row++) {
    const own = [...items.subarray(offsets[row]!, offsets[row + 1]!)];
    for (let step = 1; step < own.length; step++, transition++) {
      const list = [
        ...candidates.subarray(candidateOffsets[transition]!, candidateOffsets[transition + 1]!),
      ];
      yield { list, history: own.slice(0, step), logged: own[step]!, later: own.slice(step + 1) };
    }
  }
}

const parts: Record<ControlName, readonly Key[]> = {
  'rewards-permuted': ['rewards', 'rewardSpreads', 'candidateRewards', 'candidateRewardSpreads'],
  'rewards-constant': ['rewards', 'rewardSpreads', 'candidateRewards', 'candidateRewardSpreads'],
  'states-permuted': ['states'],
  'actions-permuted': [
    'candidateOffsets',
    'candidates',
    'candidateRewards',
    'candidateRewardSpreads',
    'candidateChances',
  ],
  'actions-neighbours': [
    'candidateOffsets',
    'candidates',
    'candidateRewards',
    'candidateRewardSpreads',
    'candidateChances',
  ],
  'actions-popular': [
    'candidateOffsets',
    'candidates',
    'candidateRewards',
    'candidateRewardSpreads',
    'candidateChances',
  ],
  'environment-permuted': [
    ...(['rewards', 'rewardSpreads', 'candidateRewards', 'candidateRewardSpreads'] as const),
    ...(['states', 'candidateOffsets', 'candidates', 'candidateChances'] as const),
  ],
  'environment-random': [
    ...(['rewards', 'candidateRewards', 'candidateRewardSpreads', 'states'] as const),
    ...(['candidateOffsets', 'candidates', 'candidateChances'] as const),
  ],
};

describe('Function: applyControl', () => {
  it.each(controlNames)('replaces its part alone, the same for the same seed: %s', (control) => {
    // Arrange
    const { answers, data } = makeWorld();

    // Act
    const once = applyControl(control, answers, data, 1);
    const again = applyControl(control, answers, data, 1);

    // Assess
    expect(again).toEqual(once);
    const changed = new Set(
      Object.keys(answers[0]!).filter((key) =>
        answers.some((answer, part) => answer[key as Key] !== once[part]![key as Key]),
      ),
    );
    expect(changed).toEqual(new Set(parts[control]));
    for (const answer of once) {
      expect(decodeAugmentedShard(encodeAugmentedShard(answer))).toEqual(answer);
    }
  });

  it.each(controlNames.filter((name) => name.endsWith('permuted') || name.endsWith('popular')))(
    'is another draw with another seed: %s',
    (control) => {
      const { answers, data } = makeWorld();
      expect(applyControl(control, answers, data, 1)).not.toEqual(
        applyControl(control, answers, data, 2),
      );
    },
  );

  it('permutes rewards across shards and keeps each beside its spread', () => {
    // Arrange
    const { answers, data } = makeWorld();
    const spreadOf = new Map<number, number>();
    for (const [rewards, spreads] of [
      ['rewards', 'rewardSpreads'],
      ['candidateRewards', 'candidateRewardSpreads'],
    ] as const) {
      const found = allOf(answers, spreads);
      for (const [at, reward] of allOf(answers, rewards).entries())
        spreadOf.set(reward, found[at]!);
    }

    // Act
    const permuted = applyControl('rewards-permuted', answers, data, 1);

    // Assess
    for (const key of ['rewards', 'candidateRewards'] as const) {
      expect(ascending(allOf(permuted, key))).toEqual(ascending(allOf(answers, key)));
      const moved = [...permuted[1]![key]].filter((reward) => answers[0]![key].includes(reward));
      expect(moved.length).toBeGreaterThan(0);
    }
    const spreads = allOf(permuted, 'rewardSpreads');
    expect(spreads).toEqual(allOf(permuted, 'rewards').map((reward) => spreadOf.get(reward)));
    const others = allOf(permuted, 'candidateRewardSpreads');
    expect(others).toEqual(
      allOf(permuted, 'candidateRewards').map((reward) => spreadOf.get(reward)),
    );
  });

  it('makes rewards constant: means of logged actions and of candidates, no spread', () => {
    // Arrange
    const { answers, data } = makeWorld();
    const mean = (key: Key) => {
      const values = allOf(answers, key);
      return Math.fround(values.reduce((sum, value) => sum + value, 0) / values.length);
    };

    // Act
    const even = applyControl('rewards-constant', answers, data, 1);

    // Assess
    expect(new Set(allOf(even, 'rewards')).size).toBe(1);
    expect(allOf(even, 'rewards')[0]).toBeCloseTo(mean('rewards'), 6);
    expect(new Set(allOf(even, 'candidateRewards')).size).toBe(1);
    expect(allOf(even, 'candidateRewards')[0]).toBeCloseTo(mean('candidateRewards'), 6);
    expect(mean('rewards')).not.toBeCloseTo(mean('candidateRewards'), 6);
    expect(new Set(allOf(even, 'rewardSpreads'))).toEqual(new Set([0]));
  });

  it('draws rewards as they are spread, and actions from all of the catalogue', () => {
    const { answers, data } = makeWorld();
    const mean = (all: readonly number[]) => all.reduce((sum, own) => sum + own, 0) / all.length;
    const deviation = (all: readonly number[]) =>
      Math.sqrt(mean(all.map((own) => (own - mean(all)) ** 2)));

    const drawn = applyControl('environment-random', answers, data, 1);

    const [before, after] = [allOf(answers, 'rewards'), allOf(drawn, 'rewards')];
    const error = deviation(before) / Math.sqrt(after.length);
    expect(Math.abs(mean(after) - mean(before))).toBeLessThan(4 * error);
    expect(deviation(after) / deviation(before)).toBeGreaterThan(0.7);
    expect(deviation(after) / deviation(before)).toBeLessThan(1.4);
    const items = new Set(allOf(drawn, 'candidates'));
    expect(items.size).toBeGreaterThan(catalogue / 2);
    for (const answer of drawn) {
      for (const { list, history, logged } of placed(answer)) {
        for (const item of list) expect([...history, logged]).not.toContain(item);
      }
    }
  });

  it('permutes whole states', () => {
    // Arrange
    const { answers, data } = makeWorld();
    const vectors = (all: readonly AugmentedShard[]) => {
      const values = allOf(all, 'states');
      return Array.from({ length: values.length / dimension }, (_, at) =>
        values.slice(at * dimension, (at + 1) * dimension).join(),
      );
    };

    // Act
    const permuted = applyControl('states-permuted', answers, data, 1);

    // Assess
    expect(vectors(permuted)).not.toEqual(vectors(answers));
    expect(vectors(permuted).sort()).toEqual(vectors(answers).sort());
  });

  it.each(['actions-permuted', 'actions-neighbours', 'actions-popular'] as const)(
    'never copies what was taken anyway or lists leave out: %s',
    (control) => {
      // Arrange
      const { answers, data } = makeWorld();

      // Act
      const replaced = applyControl(control, answers, data, 1);

      // Assess
      let actions = 0;
      for (const { list, history, logged } of replaced.flatMap((answer) => [...placed(answer)])) {
        actions += list.length;
        expect(list).not.toContain(logged);
        for (const item of list) expect(history).not.toContain(item);
      }
      expect(actions).toBeGreaterThan(answers[0]!.rewards.length);
    },
  );

  it('lets actions return where lists have what was taken', () => {
    // Arrange
    const { answers, data } = makeWorld(false);

    // Act
    const replaced = applyControl('actions-popular', answers, data, 1);

    // Assess
    const all = replaced.flatMap((answer) => [...placed(answer)]);
    expect(all.some(({ list, history }) => list.some((item) => history.includes(item)))).toBe(true);
    expect(all.some(({ list, logged }) => list.includes(logged))).toBe(false);
  });

  it('deals out the lists that there are, with their chances', () => {
    // Arrange
    const { answers, data } = makeWorld();
    const known = new Map<number, number>();
    const items = allOf(answers, 'candidates');
    for (const [at, chance] of allOf(answers, 'candidateChances').entries())
      known.set(chance, items[at]!);

    // Act
    const permuted = applyControl('actions-permuted', answers, data, 1);

    // Assess: nearly all of them, each once
    const chances = allOf(permuted, 'candidateChances');
    const dealt = allOf(permuted, 'candidates');
    expect(new Set(chances).size).toBe(chances.length);
    expect(dealt).toEqual(chances.map((chance) => known.get(chance)));
    expect(chances.length).toBeGreaterThan(0.9 * known.size);
    expect(dealt).not.toEqual(items);
  });

  it('weighs neighbours by how often they are taken later', () => {
    // Arrange
    const { answers, data } = makeWorld();

    // Act
    const replaced = applyControl('actions-neighbours', answers, data, 1);

    // Assess
    const judged = replaced
      .flatMap((answer) => [...placed(answer)])
      .filter(({ list, later }) => list.length > 0 && later.length > 0);
    const right = judged.filter(({ list, later }) => later.includes(list[0]!)).length;
    const chances = new Set(allOf(replaced, 'candidateChances'));
    expect([...chances]).toEqual([Math.fround(right / judged.length)]);
    // On a ring what follows is near: a neighbour is right far more often than chance.
    expect(right / judged.length).toBeGreaterThan(0.3);
  });

  it('draws popular items as often as they are taken', () => {
    // Arrange: one item is half of everything
    const { answers, data } = makeWorld(false);
    const counts = new Int32Array(catalogue).fill(1);
    counts[4] = catalogue - 1;

    // Act
    const itemTable = { ...data.itemTable, counts };
    const drawn = allOf(
      applyControl('actions-popular', answers, { ...data, itemTable }, 1),
      'candidates',
    );

    // Assess: 98 draws, half of them expected, five standard errors apart
    const share = drawn.filter((item) => item === 5).length / drawn.length;
    expect(Math.abs(share - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(drawn.length));
    expect(new Set(drawn).size).toBeGreaterThan(10);
  });
});

describe('Function: isControlled', () => {
  const silent = { ...leaPresets.sound, state: 'off', reward: 'off', augmentedWeight: 0 } as const;

  it.each([
    [{}, []],
    [{ state: 'q_only' }, ['states-permuted']],
    [{ stateWeight: 0.1 }, ['states-permuted']],
    [{ reward: 'preference' }, ['rewards-permuted', 'rewards-constant']],
    [{ augmentedWeight: 1 }, ['actions-permuted', 'actions-neighbours', 'actions-popular']],
    [
      { augmentedWeight: 1, actions: 'reward' },
      controlNames.filter((name) => name !== 'states-permuted'),
    ],
    [{ reward: 'all' }, controlNames.filter((name) => name !== 'states-permuted')],
  ] as const)('of a model with %j is what it reads', (lea, expected) => {
    // Whoever reads anything is told apart from himself in an environment that says nothing of all.
    const all = expected.length === 0 ? [] : ['environment-permuted', 'environment-random'];
    expect(
      new Set(controlNames.filter((name) => isControlled(name, { ...silent, ...lea }))),
    ).toEqual(new Set([...expected, ...all]));
  });
});
