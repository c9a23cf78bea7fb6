import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { decodeEnvironmentResponse, encodeEnvironmentRequest } from '#lib/environment/client.ts';
import { augmentedShard, augmentedShards, responseTo } from './responses.ts';

describe('Function: encodeEnvironmentRequest', () => {
  it('has one row a sequence, with the number of candidates', () => {
    fc.assert(
      fc.property(augmentedShards, fc.integer({ min: 1, max: 100 }), (shard, candidates) => {
        // Act
        const columns = decodeColumns(encodeEnvironmentRequest(shard, candidates), 'the request');

        // Assess
        const items = columns.column('items').list();
        expect(items.offsets).toEqual(shard.offsets);
        expect(items.values.int32()).toEqual(shard.items);
        expect([...columns.column('candidates').int32()]).toEqual(
          shard.users.map(() => candidates),
        );
      }),
    );
  });
});

describe('Function: decodeEnvironmentResponse', () => {
  it('takes every response that keeps the contract', () => {
    fc.assert(
      fc.property(augmentedShards, (shard) => {
        // Act
        const decoded = decodeEnvironmentResponse(responseTo(shard), shard, { items: 20 });

        // Assess
        expect(decoded).toEqual(shard);
      }),
    );
  });

  const shard = augmentedShard([3, 1, 2], 2, 2); // transitions: rows 0, 0, 2
  const changed = <Name extends keyof AugmentedShard>(
    name: Name,
    index: number,
    value: number,
  ): AugmentedShard => {
    const column = (shard[name] as Float32Array).slice();
    column[index] = value;
    return { ...shard, [name]: column };
  };

  it.each([
    ['an infinite state', changed('states', 7, 0x7c00), 'row 1, column "states", position 0'],
    ['a state that is not a number', changed('states', 1, 0x7e01), 'row 0, column "states"'],
    ['a reward that is not a number', changed('rewards', 2, Number.NaN), 'row 2, column "rewards"'],
    ['a reward out of range', changed('rewards', 1, 2.5), 'column "rewards", position 1: 2.5'],
    ['a negative spread', changed('rewardSpreads', 0, -0.5), 'column "rewardSpreads"'],
    [
      'an infinite spread of a candidate',
      changed('candidateRewardSpreads', 5, Number.POSITIVE_INFINITY),
      'row 2, column "candidateRewardSpreads", position 0',
    ],
    [
      'a candidate reward out of range',
      changed('candidateRewards', 3, -1.5),
      'row 0, column "candidateRewards", position 1',
    ],
    ['padding among the candidates', changed('candidates', 0, 0), 'has 0, which is no item index'],
    ['an unknown candidate', changed('candidates', 4, 21), 'has 21, which is no item index'],
    ['a repeated candidate', changed('candidates', 1, 11), 'position 0 has 11 twice'],
    [
      'the logged action as a candidate',
      changed('candidates', 2, shard.items[2]!),
      `row 0, column "candidates", position 1 has the logged action ${shard.items[2]}`,
    ],
  ])('refuses %s and says where it is', (_, response, problem) => {
    // Act
    const read = () => decodeEnvironmentResponse(responseTo(response), shard, { items: 20 });

    // Assess
    expect(read).toThrow(ContractError);
    expect(read).toThrow(problem);
  });

  it('refuses an answer to another question', () => {
    // Arrange
    const other = responseTo(augmentedShard([3, 1], 2, 2));
    const longer = responseTo(augmentedShard([3, 2, 2], 2, 2));

    // Act and assess
    expect(() => decodeEnvironmentResponse(other, shard)).toThrow('has 2 rows, expected 3');
    expect(() => decodeEnvironmentResponse(longer, shard)).toThrow(
      'row 1 has 2 values in column "states" but 1 in "items"',
    );
  });

  it('refuses fewer candidates than were asked for', () => {
    expect(() => decodeEnvironmentResponse(responseTo(shard), shard, { candidates: 3 })).toThrow(
      'row 0, column "candidates", position 0 has 2 candidates, 3 were asked for',
    );
  });

  it('refuses an error message in place of a stream', () => {
    // Arrange
    const body = Buffer.from('{"detail": "row 3, column items: empty"}');

    // Act and assess
    expect(() => decodeEnvironmentResponse(body, shard)).toThrow('not a readable Arrow IPC stream');
  });
});
