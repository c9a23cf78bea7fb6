import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeColumns } from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { decodeAugmentedShard, encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { augmentedShard, augmentedShards } from './responses.ts';

describe('Function: encodeAugmentedShard, decodeAugmentedShard', () => {
  it('gives back what went in, whatever it is', () => {
    fc.assert(
      fc.property(augmentedShards, (shard) => {
        // Act
        const decoded = decodeAugmentedShard(encodeAugmentedShard(shard));

        // Assess
        expect(decoded).toEqual(shard);
      }),
    );
  });

  it('names the row whose candidates are too few', () => {
    // Arrange: row 1 has two transitions, but candidates for one.
    const shard = augmentedShard([2, 3], 2, 2);
    const bytes = encodeAugmentedShard({
      ...shard,
      transitionOffsets: Int32Array.of(0, 1, 2),
      candidateOffsets: shard.candidateOffsets.subarray(0, 3),
    });

    // Act
    const read = () => decodeAugmentedShard(bytes);

    // Assess
    expect(read).toThrow(ContractError);
    expect(read).toThrow(
      'row 1 has 1 values in column "rewards" but 2 in "transitions (items - 1)"',
    );
  });

  it('names a missing column', () => {
    // Arrange
    const bytes = encodeColumns([]);

    // Act and assess
    expect(() => decodeAugmentedShard(bytes)).toThrow(ContractError);
    expect(() => decodeAugmentedShard(bytes)).toThrow('has no column "items"');
  });
});
