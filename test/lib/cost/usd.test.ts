import { describe, expect, it } from 'vitest';
import { usdText } from '#lib/cost/usd.ts';

describe('Function: usdText', () => {
  it.each([
    [0, '$0.00'],
    [1234.5, '$1234.50'],
    [0.01, '$0.01'],
    [0.00999, '$0.010'],
    [0.00004321, '$0.000043'],
  ])('writes %d USD as %s', (usd, text) => {
    expect(usdText(usd)).toBe(text);
  });
});
