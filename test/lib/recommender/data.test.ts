import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import { createBatchSource } from '#lib/recommender/data/batch-source.ts';
import { float16Bits, float16Values } from '#lib/recommender/data/float16.ts';
import type { BatchLayout } from '#lib/recommender/data/layout.ts';
import { assembleLines, planLines, rowLengths } from '#lib/recommender/data/line-batches.ts';
import { packRows } from '#lib/recommender/data/packing.ts';
import { assemblePrefixes, buildReplay } from '#lib/recommender/data/prefix-batches.ts';
import { itemSampler } from '#lib/recommender/data/sampled-items.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { describeNetwork } from '#lib/recommender/network.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { answerTo, makeWorld, resolve, shardOf, small } from './fixtures.ts';

const lea = {
  state: 'q_only',
  stateWeight: 0,
  reward: 'positives',
  actions: 'reward',
  rewardWeight: 0,
  shareLimit: 3,
  augmentedWeight: 0.5,
  augmentedBootstrap: 'consumed',
  minimumMargin: 0,
  uncertaintyPenalty: 0,
} as const;

describe('Function: packRows', () => {
  it('places every row once, whole, in its own places of a line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 8 }),
        (lengths, lines) => {
          // Arrange
          const order = Int32Array.from(lengths, (_, index) => lengths.length - 1 - index);

          // Act
          const batches = packRows(Int32Array.from(lengths), order, lines, 12);

          // Assess
          const placed = batches.flat().map(({ row }) => row);
          const expected = lengths.flatMap((length, row) => (length > 0 ? [row] : []));
          expect(placed.toSorted((a, b) => a - b)).toEqual(expected);
          for (const batch of batches) {
            const taken = new Set<number>();
            for (const { row, line, begin } of batch) {
              expect(begin + lengths[row]!).toBeLessThanOrEqual(12);
              for (let at = begin; at < begin + lengths[row]!; at++) {
                expect(taken.has(line * 12 + at)).toBe(false);
                taken.add(line * 12 + at);
              }
            }
          }
        },
      ),
    );
  });

  it('leaves hardly any place empty', () => {
    // Arrange: lengths as in real logs, many short and few long
    const random = randomStream(1, 'lengths');
    const lengths = Int32Array.from({ length: 3000 }, () =>
      Math.min(51, 3 + Math.floor(-12 * Math.log(1 - random.uniform()))),
    );
    const order = Int32Array.from(lengths, (_, index) => index);

    // Act
    const batches = packRows(lengths, order, 20, 51);

    // Assess
    const filled = lengths.reduce((sum, length) => sum + length, 0);
    expect(filled / (batches.length * 20 * 51)).toBeGreaterThan(0.93);
  });

  it('refuses a row that fits no line', () => {
    expect(() => packRows(Int32Array.of(5), Int32Array.of(0), 2, 4)).toThrow('5 places');
  });
});

describe('Function: float16Values', () => {
  it('agrees with the language for every bit pattern', () => {
    // Arrange
    const bits = Uint16Array.from({ length: 65536 }, (_, index) => index);
    const View = (globalThis as { Float16Array?: new (b: ArrayBuffer) => ArrayLike<number> })
      .Float16Array;
    if (View === undefined) throw new Error('This test needs Node.js 24.');

    // Act
    const values = float16Values();

    // Assess
    expect(values).toEqual(Float32Array.from(new View(bits.buffer)));
  });
});

describe('Function: float16Bits', () => {
  it('gives back the pattern of every finite value, but for the sign of 0', () => {
    const finite = Uint16Array.from({ length: 65536 }, (_, index) => index).filter(
      (bits) => ((bits >> 10) & 0x1f) !== 31 && bits !== 0x8000,
    );
    const values = float16Values();

    expect(Uint16Array.from(finite, (bits) => float16Bits(values[bits]!))).toEqual(finite);
  });

  it('rounds to the nearest, across powers of two too, and stops at the largest', () => {
    const rounded = (value: number) => float16Values()[float16Bits(value)];

    expect(rounded(2047.9)).toBe(2048);
    expect(rounded(-0.1)).toBeCloseTo(-0.1, 4);
    expect(rounded(1e9)).toBe(65504);
  });
});

describe('Function: collectRows', () => {
  const long = [
    { user: 'b', items: [4, 5] },
    { user: 'a', items: [1, 2, 3] },
  ];
  const rest = [{ user: 'a', start: 2, items: [3, 6] }];

  it('finds the continuation of a history in another shard', async () => {
    // Act
    const rows = await collectRows(
      [long, rest].map((part) => ({ sequences: shardOf(part), augmented: undefined })),
      undefined,
      new Int32Array(6).fill(1),
    );

    // Assess
    expect(Array.from(rows.continuations)).toEqual([-1, 2, -1]);
    expect(Array.from(rows.items)).toEqual([4, 5, 1, 2, 3, 3, 6]);
    expect(rows.longestHistory).toBe(4);
    expect(rows.environment).toBeUndefined();
  });

  it.each([
    ['of another user', 'c', 2],
    ['of another place', 'a', 1],
  ])('refuses a row that continues one %s', async (_, user, start) => {
    const parts = [long, [{ user, start, items: [3, 6] }]].map((part) => ({
      sequences: shardOf(part),
      augmented: undefined,
    }));

    await expect(collectRows(parts, undefined, new Int32Array(6))).rejects.toThrow(
      'Row 2 of the training shards does not continue the row before it',
    );
  });

  it('reads a shard when the one before it is in place, and gives what it gives of all at once', async () => {
    // Arrange: answers of two widths, one shard without any
    const shards = [long, rest, [{ user: 'c', items: [1, 2, 3] }]].map(shardOf);
    const parts = shards.map((sequences, at) => ({
      sequences,
      augmented: at === 0 ? undefined : answerTo(sequences, { items: 6, candidates: at + 1 }),
    }));
    const size = { rows: 4, values: 10 };
    const counts = new Int32Array(6).fill(1);
    let given = 0;
    function* read() {
      for (const part of parts) {
        given++;
        yield part;
      }
    }

    // Act
    const streamed = await collectRows(read(), lea, counts, size);

    // Assess
    expect(given).toBe(3);
    expect(streamed).toEqual(await collectRows(parts, lea, counts));
    expect(streamed.environment!.candidatesPerTransition).toBe(3);
    expect(Array.from(streamed.environment!.isAnswered)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it.each([
    [{ rows: 4, values: 7 }],
    [{ rows: 3, values: 8 }],
    [{ rows: 2, values: 7 }],
    [{ rows: 3, values: 6 }],
  ])('refuses other rows than there are to be: %j', async (size) => {
    const parts = [long, rest].map((part) => ({ sequences: shardOf(part), augmented: undefined }));

    await expect(collectRows(parts, undefined, new Int32Array(6), size)).rejects.toThrow(
      'have other rows than their manifest says',
    );
  });

  it('leaves rows without an answer unanswered', async () => {
    // Arrange
    const [first, second] = [shardOf(long), shardOf(rest)];

    // Act
    const rows = await collectRows(
      [
        { sequences: first, augmented: undefined },
        { sequences: second, augmented: answerTo(second, { items: 6 }) },
      ],
      lea,
      new Int32Array(6).fill(1),
    );

    // Assess
    expect(Array.from(rows.environment!.isAnswered)).toEqual([0, 0, 0, 1]);
    expect(Array.from(rows.environment!.states.subarray(0, 15)).every((bits) => bits === 0)).toBe(
      true,
    );
    expect(rows.environment!.actions[3]).toBeGreaterThan(0);
  });

  it('refuses an item outside the vocabulary', async () => {
    const parts = [{ sequences: shardOf(long), augmented: undefined }];
    await expect(collectRows(parts, undefined, new Int32Array(4))).rejects.toThrow(
      'item index 5 is not in the vocabulary of 4 items',
    );
  });

  it('refuses a reward or a state that is no number', async () => {
    // Arrange
    const sequences = shardOf([{ user: 'a', items: [1, 2, 3], rewards: [1, Number.NaN, 1] }]);
    const whole = shardOf(long);
    const answer = answerTo(whole, { items: 6 });
    const collect = (part: object) =>
      collectRows(
        [{ sequences: whole, augmented: { ...answer, ...part } }],
        lea,
        new Int32Array(6),
      );

    // Act & Assess
    await expect(
      collectRows([{ sequences, augmented: undefined }], undefined, new Int32Array(6)),
    ).rejects.toThrow('Training shard 0: value 1 of "rewards" is NaN');
    await expect(
      collect({ candidateRewards: answer.candidateRewards.map(() => Infinity) }),
    ).rejects.toThrow('Augmented shard 0: value 0 of "candidateRewards" is Infinity');
    await expect(collect({ states: answer.states.map(() => 0x7c01) })).rejects.toThrow(
      'Augmented shard 0: state number 0 is not finite',
    );
  });

  it('refuses an answer to other rows: nothing of a held-out action gets in', async () => {
    // Arrange: the answer's row goes on with the validation item
    const sequences = shardOf([{ user: 'a', items: [1, 2, 3] }]);
    const leaking = answerTo(shardOf([{ user: 'a', items: [1, 2, 3, 4] }]), { items: 6 });

    // Act
    const collected = collectRows([{ sequences, augmented: leaking }], lea, new Int32Array(6));

    // Assess
    await expect(collected).rejects.toThrow('belongs to other sequences');
  });
});

describe('Function: assembleLines', () => {
  it('holds every transition of every row exactly once an epoch', async () => {
    // Arrange
    const model = resolve({ ...small, objective: 'snqn', lea });
    const world = await makeWorld(model);
    const layout = layoutOf(model, world);

    // Act
    const batches = planLines(world.rows, layout, 1, 3).map((placements, index) =>
      assembleLines(world.rows, layout, placements, randomStream(1, index)),
    );

    // Assess
    const seen = new Map<string, number>();
    for (const batch of batches) {
      batch.weights!.forEach((weight, place) => {
        if (weight === 0) return;
        const pair = `${batch.items![place]}>${batch.targets![place]}`;
        seen.set(pair, (seen.get(pair) ?? 0) + 1);
        expect(batch.continues![place] === 1 ? batch.items![place + 1] : 0).toBe(
          batch.continues![place] === 1 ? batch.targets![place] : 0,
        );
      });
    }
    const expected = new Map<string, number>();
    for (let row = 0; row < world.rows.rows; row++) {
      for (let at = world.rows.offsets[row]!; at + 1 < world.rows.offsets[row + 1]!; at++) {
        const pair = `${world.rows.items[at]}>${world.rows.items[at + 1]}`;
        expected.set(pair, (expected.get(pair) ?? 0) + 1);
      }
    }
    expect(seen).toEqual(expected);
  });

  it('never draws the logged or the augmented action as a negative', async () => {
    // Arrange
    const model = resolve({ ...small, objective: 'snqn', negatives: 20, lea });
    const world = await makeWorld(model, { items: 5 });
    const layout = layoutOf(model, world);
    const [placements] = planLines(world.rows, layout, 1, 1);

    // Act
    const batch = assembleLines(world.rows, layout, placements!, randomStream(9));

    // Assess
    let checked = 0;
    batch.weights!.forEach((weight, place) => {
      if (weight === 0) return;
      const negatives = batch.negatives!.subarray(place * 20, (place + 1) * 20);
      expect(negatives).not.toContain(batch.targets![place]);
      expect(negatives).not.toContain(batch.augmentedActions![place]);
      expect(Math.min(...negatives)).toBeGreaterThanOrEqual(1);
      checked++;
    });
    expect(checked).toBeGreaterThan(20);
  });

  it('takes the LE candidates with their rewards as negatives when they are rewarded', async () => {
    // Arrange
    const model = resolve({
      ...small,
      objective: 'snqn',
      negatives: 5,
      negativeReward: -1,
      lea: { ...lea, reward: 'all' },
    });
    const sequences = shardOf([{ user: 'a', items: [1, 2, 3], rewards: [1, 0.2, 0.2] }]);
    const answer = answerTo(sequences, { items: 9 });
    const rows = await collectRows(
      [{ sequences, augmented: answer }],
      model.lea,
      new Int32Array(9).fill(1),
    );
    const layout = layoutOf(model, { items: 9, window: 4, rows });
    const [placements] = planLines(rows, layout, 1, 1);

    // Act
    const batch = assembleLines(rows, layout, placements!, randomStream(1));

    // Assess
    const place = batch.targets!.indexOf(2);
    const candidates = Array.from(answer.candidates.subarray(0, 3)).filter(
      (item) => item !== batch.augmentedActions![place],
    );
    expect(Array.from(batch.negatives!.subarray(place * 5, place * 5 + 2))).toEqual(candidates);
    const rewards = Array.from(batch.negativeRewards!.subarray(place * 5, place * 5 + 5));
    const rewardOf = (item: number) => answer.candidateRewards[answer.candidates.indexOf(item)]!;
    // Every LE reward of a state scales the same base reward, that of the logged action.
    expect(rewards[0]).toBeCloseTo(0.2 * rewardOf(candidates[0]!), 6);
    expect(rewards.slice(2)).toEqual([-1, -1, -1]);
    expect(batch.rewards![place]).toBeCloseTo(0.2 * answer.rewards[0]!, 6);
    const augmented = batch.augmentedActions![place]!;
    expect(batch.augmentedRewards![place]).toBeCloseTo(0.2 * rewardOf(augmented), 6);
  });

  it('needs no place for a last item unless the history goes on', async () => {
    // Arrange
    const rows = await collectRows(
      [
        {
          sequences: shardOf([
            { user: 'a', items: [1, 2, 3] },
            { user: 'a', start: 2, items: [3, 4] },
            { user: 'b', items: [5] },
          ]),
          augmented: undefined,
        },
      ],
      undefined,
      new Int32Array(5).fill(1),
    );
    const layout = (objective: string) =>
      layoutOf(resolve({ ...small, objective }), { items: 5, window: 4, rows });

    // Act
    const [bootstrapped, plain] = [
      rowLengths(rows, layout('sqn')),
      rowLengths(rows, layout('supervised')),
    ];

    // Assess
    expect(Array.from(bootstrapped)).toEqual([3, 1, 0]);
    expect(Array.from(plain)).toEqual([2, 1, 0]);
  });

  it('tells how much shorter than the window each sequence is where positions count from its end', async () => {
    // Arrange: 3 and 1 transitions share a line, of which the first goes on
    const rows = await collectRows(
      [
        {
          sequences: shardOf([
            { user: 'a', items: [1, 2, 3, 4] },
            { user: 'a', start: 3, items: [4, 5] },
          ]),
          augmented: undefined,
        },
      ],
      undefined,
      new Int32Array(5).fill(1),
    );
    const batchOf = (settings: object) => {
      const layout = layoutOf(resolve({ ...small, batchTargets: 6, ...settings }), {
        items: 5,
        window: 6,
        rows,
      });
      const [placements] = planLines(rows, layout, 1, 1);
      const batch = assembleLines(rows, layout, placements!, randomStream(1));
      return Object.fromEntries(
        placements!.map(({ row, line, begin }) => {
          const place = line * layout.time + begin;
          return [row, batch.room && [...batch.room.subarray(place, place + 4 - 2 * row)]];
        }),
      );
    };

    // Act & Assess: a history's last transition begins at position window - 1
    expect(batchOf({ objective: 'sqn' })).toEqual({ 0: [0, 0, 0, 0], 1: [5, expect.any(Number)] });
    expect(batchOf({})[1]![0]).toBe(5);
    expect(batchOf({ positionsFrom: 'start' })).toEqual({ 0: undefined, 1: undefined });
    expect(batchOf({ backbone: 'gru4rec' })).toEqual({ 0: undefined, 1: undefined });
  });
});

describe('Function: assemblePrefixes', () => {
  it('samples different actions with the last items of the whole history', async () => {
    // Arrange: window 3; the history crosses rows
    const model = resolve({ ...small, preset: 'paper', objective: 'snqn', batchTargets: 6 });
    const rows = await collectRows(
      [
        {
          sequences: shardOf([
            { user: 'a', items: [1, 2, 3, 4] },
            { user: 'a', start: 3, items: [4, 5, 6] },
          ]),
          augmented: undefined,
        },
      ],
      undefined,
      new Int32Array(6).fill(1),
    );
    const layout = layoutOf(model, { items: 6, window: 3, rows });

    // Act
    const batch = assemblePrefixes(rows, buildReplay(rows), layout, randomStream(2));

    // Assess
    const samples = Array.from(batch.targets!, (target, place) => ({
      target,
      history: Array.from(batch.items!.subarray(place * 3, place * 3 + 3)),
      length: batch.lengths![place],
      next: Array.from(batch.nextItems!.subarray(place * 3, place * 3 + 3)),
      continues: batch.continues![place],
    })).toSorted((a, b) => a.target - b.target);
    expect(samples).toEqual([
      { target: 1, history: [0, 0, 0], length: 0, next: [1, 0, 0], continues: 1 },
      { target: 2, history: [1, 0, 0], length: 1, next: [1, 2, 0], continues: 1 },
      { target: 3, history: [1, 2, 0], length: 2, next: [1, 2, 3], continues: 1 },
      { target: 4, history: [1, 2, 3], length: 3, next: [2, 3, 4], continues: 1 },
      { target: 5, history: [2, 3, 4], length: 3, next: [3, 4, 5], continues: 1 },
      { target: 6, history: [3, 4, 5], length: 3, next: [4, 5, 6], continues: 0 },
    ]);
  });
});

describe('Column: futureActions', () => {
  it.each(['sound', 'paper'])(
    'holds the later actions of the same history (%s)',
    async (preset) => {
      // Arrange
      const model = resolve({ ...small, preset, futureActions: 2, batchTargets: 6 });
      const sequences = shardOf([{ user: 'a', items: [1, 2, 3, 4] }]);
      const rows = await collectRows(
        [{ sequences, augmented: undefined }],
        undefined,
        new Int32Array(4).fill(1),
      );
      const layout = layoutOf(model, { items: 4, window: 6, rows });

      // Act
      const batch = createBatchSource({ rows, layout }).assemble(1, 0);

      // Assess: weights 1, 1/2, 1/3 of what there is
      const of = (target: number) => {
        const place = batch.targets!.indexOf(target);
        return {
          actions: [...batch.futureActions!.subarray(2 * place, 2 * place + 2)],
          weights: [...batch.futureWeights!.subarray(3 * place, 3 * place + 3)],
        };
      };
      expect(of(2)).toEqual({
        actions: [3, 4],
        weights: [6 / 11, 3 / 11, 2 / 11].map(Math.fround),
      });
      expect(of(3)).toEqual({ actions: [4, 0], weights: [...[2 / 3, 1 / 3].map(Math.fround), 0] });
      expect(of(4)).toEqual({ actions: [0, 0], weights: [1, 0, 0] });
    },
  );
});

describe('Function: itemSampler', () => {
  it.each([false, true])('draws as often as it says (uniform: %s)', (isUniform) => {
    // Arrange
    const counts = Int32Array.of(0, 3, 50, 7);
    const sampler = itemSampler(counts, isUniform);
    const random = randomStream(4, 'sampler');
    const drawn = new Int32Array(4);

    // Act
    for (let index = 0; index < 40_000; index++) drawn[sampler.draw(random) - 1]!++;

    // Assess
    drawn.forEach((count, index) => {
      const expected = Math.exp(sampler.logCount(index + 1, 40_000));
      expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected));
    });
  });
});

function layoutOf(
  model: ReturnType<typeof resolve>,
  world: {
    items: number;
    window: number;
    rows: { environment: { stateDimension: number } | undefined };
  },
): BatchLayout {
  const { environment } = world.rows;
  const network = describeNetwork(model, world.items, world.window, environment?.stateDimension);
  return batchLayout(model, network);
}
