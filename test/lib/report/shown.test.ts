import { describe, expect, it } from 'vitest';
import { type ShownOutcome, shownSection } from '#lib/report/sections/shown.ts';

const of = (variant: 'champion' | 'challenger', taken: number) => ({
  variant,
  models: [`${variant} of run one`],
  impressions: 2000,
  users: 900,
  answered: 700,
  taken,
  rate: { value: taken / 2000, interval: { low: taken / 2000 - 0.01, high: taken / 2000 + 0.01 } },
});
const outcome: ShownOutcome = {
  experiment: 'autumn',
  by: 'user and item',
  window: 86_400,
  from: 1.7e9,
  to: 1.7e9 + 500_000,
  share: 1,
  variants: [of('champion', 200), of('challenger', 260)],
  difference: { value: 0.03, low: 0.01, high: 0.05 },
  unreadable: 0,
};
const textOf = (change: Partial<ShownOutcome>) =>
  shownSection({ ...outcome, ...change })!
    .text.replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/[\u00a0\u202f]/g, ' ')
    .replaceAll(/\s+/g, ' ');

describe('Function: shownSection', () => {
  it('is absent where nobody hears of what was shown', () => {
    expect(shownSection(undefined)).toBeUndefined();
  });

  it.each<[string, Partial<ShownOutcome>, string]>([
    [
      'a difference',
      {},
      'The challenger against the champion: better (rate +0.0300, 95 % interval +0.0100 to +0.0500, over users).',
    ],
    [
      'none that is shown',
      { difference: { value: 0.01, low: -0.01, high: 0.03 } },
      'The challenger against the champion: no difference shown',
    ],
    ['too little', { difference: null }, 'Too little was taken to compare the two models.'],
    [
      'one variant alone',
      { variants: [of('champion', 200)], experiment: null, difference: null },
      'Of 2 000 lists of the champion, something was taken of 200.',
    ],
    ['how it is known', {}, 'taken where the user took an item of the list within 24 hours.'],
    ['ids', { by: 'recommendation_id' }, 'taken where the log names the list.'],
    ['a share of the users', { share: 0.25 }, 'those of 25.0 % of the users were looked at.'],
    ['lines that are none', { unreadable: 3 }, '3 lines of the log of answers could not be read.'],
  ])('tells %s', (_, change, words) => {
    expect(textOf(change)).toContain(words);
  });

  it('shows for either variant who answered, and the rate with its interval or that it is too few', () => {
    const few = { ...of('challenger', 2), rate: { value: 0.001, interval: null } };

    const text = textOf({ variants: [of('champion', 200), few] });

    expect(text).toContain(
      'champion champion of run one 0.1000 [0.0900, 0.1100] 2 000 900 700 200',
    );
    expect(text).toContain('0.0010 too few to tell 2 000');
  });
});
