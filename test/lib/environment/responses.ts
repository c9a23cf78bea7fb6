import fc from 'fast-check';
import {
  type AugmentedShard,
  encodeAugmentedShard,
  transitionOffsetsOf,
} from '#lib/environment/augmented-shard.ts';

/** Bits of the float16 numbers 0, 1, -1, 0.5. */
const halves = [0x0000, 0x3c00, 0xbc00, 0x3800];

/** Augmented shards that keep the contract, with items 1 to 20. */
export const augmentedShards: fc.Arbitrary<AugmentedShard> = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
    stateDimension: fc.integer({ min: 1, max: 4 }),
    candidates: fc.integer({ min: 0, max: 4 }),
    seed: fc.nat(),
  })
  .map(({ lengths, stateDimension, candidates, seed }) =>
    augmentedShard(lengths, stateDimension, candidates, seed),
  );

/** One of them, made from a few numbers. */
export function augmentedShard(
  lengths: readonly number[],
  stateDimension: number,
  candidates: number,
  seed = 0,
): AugmentedShard {
  const offsets = Int32Array.of(
    0,
    ...lengths.map((_, row) => lengths.slice(0, row + 1).reduce((a, b) => a + b, 0)),
  );
  const values = offsets.at(-1)!;
  const transitionOffsets = transitionOffsetsOf(offsets);
  const transitions = transitionOffsets.at(-1)!;
  const pick = (index: number, count: number) => (index * 7 + seed) % count;
  return {
    users: lengths.map((_, row) => `user ${row}`),
    starts: Int32Array.from(lengths, (_, row) => row),
    offsets,
    items: Int32Array.from({ length: values }, (_, index) => 1 + pick(index, 10)),
    stateDimension,
    states: Uint16Array.from(
      { length: values * stateDimension },
      (_, index) => halves[pick(index, 4)]!,
    ),
    transitionOffsets,
    rewards: Float32Array.from({ length: transitions }, (_, index) => pick(index, 4) - 1),
    rewardSpreads: Float32Array.from({ length: transitions }, (_, index) => pick(index, 5) / 4),
    candidateOffsets: Int32Array.from(
      { length: transitions + 1 },
      (_, transition) => transition * candidates,
    ),
    // Logged items are 1 to 10, candidates 11 to 20: never the logged one, no repeats within a transition.
    candidates: Int32Array.from(
      { length: transitions * candidates },
      (_, index) => 11 + (index % candidates),
    ),
    candidateRewards: Float32Array.from(
      { length: transitions * candidates },
      (_, index) => pick(index, 13) / 4 - 1,
    ),
    candidateRewardSpreads: Float32Array.from(
      { length: transitions * candidates },
      (_, index) => pick(index, 3) / 8,
    ),
    candidateChances: Float32Array.from(
      { length: transitions * candidates },
      (_, index) => pick(index, 5) / 8,
    ),
  };
}

/** The environment's response: an augmented shard's stream has its seven columns. */
export const responseTo = (shard: AugmentedShard): Uint8Array => encodeAugmentedShard(shard);
