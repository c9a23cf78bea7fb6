import { describe, expect, it } from 'vitest';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { answerTo, rewarded, shardOf } from '../fixtures.ts';

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
    const streamed = await collectRows(read(), rewarded, counts, size);

    // Assess
    expect(given).toBe(3);
    expect(streamed).toEqual(await collectRows(parts, rewarded, counts));
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
      rewarded,
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
        rewarded,
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
    const collected = collectRows([{ sequences, augmented: leaking }], rewarded, new Int32Array(6));

    // Assess
    await expect(collected).rejects.toThrow('belongs to other sequences');
  });
});
