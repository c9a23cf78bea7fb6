import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { augmentShard, sampleOf } from '#functions/augment-sequences/augment.ts';
import { earlierAnswers } from '#functions/augment-sequences/kept.ts';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { runs } from '#lib/contracts/keys.ts';
import {
  type AugmentedShard,
  encodeAugmentedShard,
  transitionOffsetsOf,
} from '#lib/environment/augmented-shard.ts';
import { encodeItemMap, ItemMap } from '#lib/environment/item-map.ts';
import { encodeAnswersIndex } from '#lib/environment/kept-answers.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { startBucket } from '../bucket.ts';

const signal = new AbortController().signal;
/** Items of the environment, of which the last one is proposed to everybody. */
const environmentItems = 50;

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

/** An environment whose answers depend on a row's items alone; it remembers what it was asked. */
class Environment {
  readonly asked: string[] = [];

  async augment(request: Uint8Array): Promise<Uint8Array> {
    const list = decodeColumns(request, 'the request').column('items').list();
    const items = list.values.int32();
    const rows = list.offsets.length - 1;
    for (let row = 0; row < rows; row++) {
      this.asked.push(items.subarray(list.offsets[row]!, list.offsets[row + 1]!).join());
    }
    return encodeAugmentedShard(this.#answer(list.offsets, items, rows));
  }

  #answer(offsets: Int32Array, items: Int32Array, rows: number): AugmentedShard {
    const transitionOffsets = transitionOffsetsOf(offsets);
    const transitions = transitionOffsets.at(-1)!;
    const rewards = new Float32Array(transitions);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let t = transitionOffsets[row]!; t < transitionOffsets[row + 1]!; t++) {
        sum += items[offsets[row]! + t - transitionOffsets[row]!]!;
        rewards[t] = (sum % 17) / 17;
      }
    }
    return {
      users: Array.from({ length: rows }, () => ''),
      starts: new Int32Array(rows),
      offsets,
      items,
      stateDimension: 1,
      states: Uint16Array.from(items, (item) => 0x3c00 + item),
      transitionOffsets,
      rewards,
      rewardSpreads: new Float32Array(transitions),
      candidateOffsets: Int32Array.from({ length: transitions + 1 }, (_, t) => 2 * t),
      candidates: Int32Array.from(
        { length: 2 * transitions },
        (_, c) => environmentItems - (c % 2),
      ),
      candidateRewards: Float32Array.from({ length: 2 * transitions }, (_, c) => (c % 2) / 2),
      candidateRewardSpreads: new Float32Array(2 * transitions),
      candidateChances: new Float32Array(2 * transitions),
    };
  }
}

function shardOf(rows: readonly (readonly number[])[]): SequenceShard {
  const items = rows.flat();
  let end = 0;
  return {
    users: rows.map((_, row) => `user ${row}`),
    starts: new Int32Array(rows.length),
    offsets: Int32Array.of(0, ...rows.map((row) => (end += row.length))),
    items: Int32Array.from(items),
    timestamps: new Float64Array(items.length),
    rewards: new Float32Array(items.length),
  };
}

/** Vocabularies that have all items of the environment, in its order and turned around. */
const straight = Int32Array.from({ length: environmentItems }, (_, row) => row + 1);
const turned = straight.toReversed();

/** What a night leaves behind. */
async function night(
  run: string,
  indices: Int32Array,
  shards: readonly SequenceShard[],
  earlier?: string,
) {
  const environment = new Environment();
  const items = new ItemMap(indices);
  const known =
    earlier === undefined
      ? undefined
      : await earlierAnswers(bucket.objects, earlier, items, signal);
  const answered = [];
  for (const [part, shard] of shards.entries()) {
    const { shard: augmented, reused } = await augmentShard(shard, {
      client: environment,
      candidates: 2,
      items,
      earlier: known,
    });
    await bucket.objects.putBytes(runs.augmentedShard(run, part), encodeAugmentedShard(augmented));
    answered.push({ augmented, reused });
  }
  await bucket.objects.putBytes(runs.environmentItems(run), encodeItemMap(indices));
  const samples = new Map(shards.map((shard, part) => [part, sampleOf(shard, items)]));
  await bucket.objects.putBytes(runs.answersIndex(run), encodeAnswersIndex(samples));
  return { asked: environment.asked, answered };
}

const rows = Array.from({ length: 30 }, (_, row) =>
  Array.from({ length: 2 + (row % 5) }, (_, at) => 1 + ((row * 7 + at * 3) % 40)),
);
const turn = (items: readonly number[]) => items.map((item) => environmentItems + 1 - item);

describe('Function: augmentShard', () => {
  it('asks about the rows that have changed alone, whatever the vocabulary and the shards are', async () => {
    // Arrange: the next night has one row more, one that is longer, and cuts its shards elsewhere
    await night('mon', straight, [shardOf(rows.slice(0, 10)), shardOf(rows.slice(10))]);
    const changed = rows
      .map((row, index) => (index === 12 ? [...row, 1] : row))
      .concat([[9, 9, 4]]);
    const shards = [changed.slice(0, 14), changed.slice(14)].map((part) => shardOf(part.map(turn)));
    // Act
    const tuesday = await night('tue', turned, shards, 'mon');
    // Assess
    expect(tuesday.asked).toEqual([changed[12]!.join(), '9,9,4']);
    const transitions = rows.reduce((sum, row) => sum + row.length - 1, 0) - (rows[12]!.length - 1);
    expect(tuesday.answered.reduce((sum, { reused }) => sum + reused, 0)).toBe(transitions);
    const all = await night('again', turned, shards);
    expect(tuesday.answered.map(({ augmented }) => augmented)).toEqual(
      all.answered.map(({ augmented }) => augmented),
    );
  });

  it('the night after that finds answers of both nights before', async () => {
    // Arrange
    await night('mon', straight, [shardOf(rows)]);
    await night('tue', straight, [shardOf([...rows, [9, 9, 4]])], 'mon');
    // Act
    const wednesday = await night('wed', straight, [shardOf([...rows, [9, 9, 4]])], 'tue');
    // Assess
    expect(wednesday.asked).toEqual([]);
  });

  it('asks again where the answers have been deleted', async () => {
    // Arrange
    await night('mon', straight, [shardOf(rows.slice(0, 15)), shardOf(rows.slice(15))]);
    await bucket.objects.remove([runs.augmentedShard('mon', 1)]);
    // Act
    const tuesday = await night('tue', straight, [shardOf(rows)], 'mon');
    // Assess
    expect(tuesday.asked).toEqual(rows.slice(15).map((row) => row.join()));
  });

  it('leaves out candidates that have left the vocabulary', async () => {
    // Act: the last item of the environment is not in the run's
    const { answered } = await night('mon', straight.subarray(0, 49), [shardOf(rows)]);
    // Assess
    const { candidates, candidateOffsets, rewards, candidateRewards } = answered[0]!.augmented;
    expect(new Set(candidates)).toEqual(new Set([49]));
    expect(candidateOffsets.at(-1)).toBe(rewards.length);
    expect(new Set(candidateRewards)).toEqual(new Set([0.5]));
  });
});
