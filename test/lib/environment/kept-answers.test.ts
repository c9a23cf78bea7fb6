import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gatherAnswers, selectRows } from '#lib/environment/answered-rows.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { ItemMap } from '#lib/environment/item-map.ts';
import {
  AnswersIndex,
  encodeAnswersIndex,
  hashRows,
  KeptAnswers,
  sampleHashes,
} from '#lib/environment/kept-answers.ts';
import { augmentedShard, augmentedShards } from './responses.ts';

const same = (item: number) => item;
const sourcesOf = (answers: AugmentedShard, itemOf = same) =>
  answers.users.map((_, row) => ({ answers, row, itemOf }));
/** Twenty items, each where it is in the environment too. */
const identity = new ItemMap(Int32Array.from({ length: 20 }, (_, row) => row + 1));

describe('Function: gatherAnswers', () => {
  test('gives a shard back that is taken apart and put together', () => {
    fc.assert(
      fc.property(augmentedShards, (shard) => {
        expect(gatherAnswers(shard, sourcesOf(shard))).toEqual({
          ...shard,
          // Without a row nobody knows how long a state would be.
          stateDimension: shard.users.length === 0 ? 0 : shard.stateDimension,
        });
      }),
    );
  });

  test('takes rows from several answers, in the order of the shard', () => {
    fc.assert(
      fc.property(augmentedShards, fc.infiniteStream(fc.boolean()), (shard, coins) => {
        // Arrange
        const isFirst = shard.users.map(() => coins.next().value as boolean);
        const rowsOf = (first: boolean) =>
          shard.users.flatMap((_, row) => (isFirst[row] === first ? [row] : []));
        const part = (rows: number[]) => {
          const asked = selectRows(shard, rows);
          const all = sourcesOf(shard);
          return gatherAnswers(
            asked,
            rows.map((row) => all[row]!),
          );
        };
        const answers = [part(rowsOf(false)), part(rowsOf(true))];
        const place = [0, 0];
        // Act
        const gathered = gatherAnswers(
          shard,
          isFirst.map((first) => {
            const which = Number(first);
            return { answers: answers[which]!, row: place[which]!++, itemOf: same };
          }),
        );
        // Assess
        if (shard.users.length > 0) expect(gathered).toEqual(shard);
      }),
    );
  });

  test('leaves out candidates that are no item of the vocabulary any more', () => {
    // Arrange: candidates are 11 to 13 at each of three transitions
    const shard = augmentedShard([4], 2, 3);
    // Act
    const gathered = gatherAnswers(
      shard,
      sourcesOf(shard, (item) => (item === 12 ? 0 : item - 10)),
    );
    // Assess
    expect([...gathered.candidates]).toEqual([1, 3, 1, 3, 1, 3]);
    expect([...gathered.candidateOffsets]).toEqual([0, 2, 4, 6]);
    expect([...gathered.candidateRewards]).toEqual(
      [0, 2, 3, 5, 6, 8].map((index) => shard.candidateRewards[index]),
    );
  });

  test('refuses answers of two environments', () => {
    const [one, other] = [augmentedShard([2], 2, 1), augmentedShard([2], 3, 1)];
    const asked = selectRows(augmentedShard([2, 2], 2, 1), [0, 1]);

    expect(() => gatherAnswers(asked, [...sourcesOf(one), ...sourcesOf(other)])).toThrow(
      /two environments were mixed/,
    );
  });
});

describe('Class: KeptAnswers', () => {
  test('finds rows by what is in them, whoever they are of', () => {
    // Arrange: tonight the vocabulary is turned around, and item 20 has left it
    const earlier = augmentedShard([3, 2, 4], 2, 2);
    const tonight = new ItemMap(Int32Array.from({ length: 19 }, (_, row) => 19 - row));
    const kept = new KeptAnswers(identity, tonight);
    kept.add(earlier);
    const offsets = Int32Array.of(0, 4, 6, 8);
    const items = Int32Array.of(
      ...earlier.items.subarray(5, 9),
      ...earlier.items.subarray(3, 5),
      19,
      19,
    );
    // Act
    const found = [0, 1, 2].map((row) => kept.find(items, offsets, row));
    // Assess
    expect(found.map((source) => source?.row)).toEqual([2, 1, undefined]);
    expect(found[0]?.itemOf(19)).toBe(1);
    expect(found[0]?.itemOf(20)).toBe(0);
  });

  test('a row that has one item more is another row', () => {
    const earlier = augmentedShard([3], 2, 2);
    const kept = new KeptAnswers(identity, identity);
    kept.add(earlier);

    const longer = Int32Array.of(...earlier.items, 5);

    expect(kept.find(longer, Int32Array.of(0, 4), 0)).toBeUndefined();
    expect(kept.find(longer, Int32Array.of(0, 3), 0)?.row).toBe(0);
  });
});

describe('Class: AnswersIndex', () => {
  const random = (rows: number, seed: number) => {
    const lengths = Int32Array.from({ length: rows + 1 }, (_, row) => row * 6);
    const items = Int32Array.from(
      { length: rows * 6 },
      (_, at) => 1 + (((Math.imul(at + 1, 2654435761) ^ Math.imul(seed, 40503)) >>> 12) % 900),
    );
    return hashRows(items, lengths);
  };

  test('leads to the shards that the rows were in, also where they have shifted', () => {
    // Arrange: sixty rows each in forty shards
    const shards = Array.from({ length: 40 }, (_, part) => random(60, part));
    const index = AnswersIndex.decode(
      encodeAnswersIndex(new Map(shards.map((hashes, part) => [part, sampleHashes(hashes)]))),
    );
    let led = 0;
    for (let part = 0; part + 1 < shards.length; part++) {
      const [own, next] = [shards[part]!.subarray(25), shards[part + 1]!.subarray(0, 25)];
      // Act
      const parts = index.partsFor(Int32Array.of(...own, ...next));
      // Assess
      expect(parts.every((found) => found === part || found === part + 1)).toBe(true);
      led += (parts.includes(part) ? 35 : 0) + (parts.includes(part + 1) ? 25 : 0);
    }
    expect(led / (39 * 60)).toBeGreaterThan(0.99);
  });

  test('knows nothing of rows that nobody asked about', () => {
    const index = AnswersIndex.decode(encodeAnswersIndex(new Map([[3, [7]]])));

    expect(index.partsFor(random(200, 99))).toEqual([]);
    expect(AnswersIndex.decode(encodeAnswersIndex(new Map())).partsFor(Int32Array.of(1))).toEqual(
      [],
    );
  });

  test('looks into a few shards only, those with the most rows first', () => {
    const samples = new Map(
      Array.from({ length: 20 }, (_, part) => [part, part < 3 ? [part, 50] : [part]]),
    );
    const index = AnswersIndex.decode(encodeAnswersIndex(samples));

    const parts = index.partsFor(
      Int32Array.of(50, ...Array.from({ length: 20 }, (_, hash) => hash)),
    );

    expect(parts).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a hash depends on every item and on their order', () => {
    const offsets = Int32Array.of(0, 3);
    const hashOf = (...items: number[]) => hashRows(Int32Array.from(items), offsets)[0];

    const hashes = [
      hashOf(1, 2, 3),
      hashOf(3, 2, 1),
      hashOf(1, 2, 4),
      hashOf(257, 2, 3),
      hashOf(1, 2, 65539),
    ];

    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
