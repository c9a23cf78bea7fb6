import { expect, test } from 'vitest';
import { joinResults } from '#lib/environment/augmentation-results.ts';

const part = (number: number, reused: number | null) => ({
  part: number,
  sequences: 1,
  transitions: 10,
  reused,
  hashes: [],
});

test('Function: joinResults: a shard counts once, as in the attempt that answered it', () => {
  const joined = joinResults([part(0, 4), part(0, null), part(1, null), part(1, 7), part(2, null)]);

  expect([...joined.values()].map(({ reused }) => reused)).toEqual([4, 7, null]);
});
