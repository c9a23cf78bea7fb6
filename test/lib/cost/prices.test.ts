import { describe, expect, it } from 'vitest';
import { parsePrices } from '#lib/cost/prices.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };

describe('Function: parsePrices', () => {
  it('names a wrong key', () => {
    expect(() => parsePrices({ ...prices, lambdaGbSecond: 'free' }, throughput)).toThrow(
      /prices\.json.*\n.*lambdaGbSecond/,
    );
  });
});
