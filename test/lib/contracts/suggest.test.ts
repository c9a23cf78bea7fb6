import { describe, expect, it } from 'vitest';
import { suggest } from '#lib/contracts/suggest.ts';

const names = ['run', 'train', 'recommend', 'status'];

describe('Function: suggest', () => {
  it.each([
    ['recomend', 'recommend'],
    ['recommned', 'recommend'],
    ['stats', 'status'],
    ['trian', 'train'],
    ['rnu', 'run'],
  ])('takes %s for %s', (given, meant) => {
    expect(suggest(given, names)).toBe(meant);
  });

  it.each(['deploy', '', 'xyz', 'recommendations'])('takes "%s" for nothing', (given) => {
    expect(suggest(given, names)).toBeUndefined();
  });
});
