import { describe, expect, it } from 'vitest';
import { nightsUnpromoted } from '#lib/promotion/nights.ts';
import { firstNight, nightOf } from './nights.ts';

/** A night in which the champion of that run was in service. */
const under = (n: number, run: string) => ({
  ...nightOf(n, 0),
  champion: { run, name: 'a', refitted: true },
});

describe('Function: nightsUnpromoted', () => {
  it.each([
    ['a promotion ends the count', [under(3, 'a'), under(2, 'a')], true, 0],
    ['the night after it counts as one', [under(3, 'b'), under(2, 'a'), under(1, 'a')], false, 1],
    ['each further one as one more', [under(3, 'a'), under(2, 'a'), under(1, 'a')], false, 3],
    ['nights before anybody was promoted count too', [firstNight(2), firstNight(1)], false, 2],
    ['somebody else before does not', [under(4, 'a'), under(3, 'b'), under(2, 'a')], false, 1],
  ])('%s', (_, nights, promoted, expected) => {
    expect(nightsUnpromoted(nights, promoted)).toBe(expected);
  });
});
