import { describe, expect, it } from 'vitest';
import { compareInWords, differenceInNumbers, signed, wordOf } from '#lib/promotion/words.ts';

describe('Function: wordOf', () => {
  it.each([
    ['better', 0.001, 0.02],
    ['no difference shown', 0, 0.02],
    ['no difference shown', -0.01, 0.02],
    ['no difference shown', -0.02, 0],
    ['worse', -0.02, -0.001],
  ])('is "%s" of an interval from %d to %d', (word, low, high) => {
    expect(wordOf({ low, high })).toBe(word);
  });
});

describe('Functions: compareInWords, differenceInNumbers', () => {
  it('say what an interval shows, and the interval', () => {
    const difference = { difference: -0.008, low: -0.0123, high: -0.00004 };
    expect(compareInWords('a', 'b', difference)).toBe('a is worse than b');
    expect(differenceInNumbers(difference, 0.9)).toBe(
      'test NDCG@10 -0.0080, 90 % interval -0.0123 to -0.0000',
    );
  });
});

describe('Function: signed', () => {
  it.each([
    ['-0.0100', -0.01],
    ['+0.0000', 0],
    ['+0.0123', 0.01234],
  ])('is %s', (text, value) => {
    expect(signed(value)).toBe(text);
  });
});
