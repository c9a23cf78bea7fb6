import { describe, expect, it } from 'vitest';
import { assembleLines, planLines, rowLengths } from '#lib/recommender/data/line-batches.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { answerTo, layoutOf, makeWorld, resolve, rewarded, shardOf, small } from '../fixtures.ts';

describe('Function: assembleLines', () => {
  it('holds every transition of every row exactly once an epoch', async () => {
    // Arrange
    const model = resolve({ ...small, objective: 'snqn', lea: rewarded });
    const world = await makeWorld(model);
    const layout = layoutOf(model, world);

    // Act
    const batches = [...planLines(world.rows, layout, 1, 3)].map((placements, index) =>
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
    const model = resolve({ ...small, objective: 'snqn', negatives: 20, lea: rewarded });
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
      lea: { ...rewarded, reward: 'all' },
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
