import { describe, expect, it } from 'vitest';
import { toleratedShards } from '#lib/environment/augmented-manifest.ts';

describe('Function: toleratedShards', () => {
  it.each([
    [400, 1, 4],
    [399, 1, 4],
    [396, 1, 0],
    [400, 0, 0],
    [10, 100, 10],
    [10, 50, 4],
  ])('of %i shards and %i %% of calls: %i', (shards, toleratedFailurePercentage, expected) => {
    expect(toleratedShards(shards, { toleratedFailurePercentage })).toBe(expected);
  });
});
