import { describe, expect, it } from 'vitest';
import { CostCapError, checkCap } from '#lib/cost/cap.ts';

describe('Function: checkCap', () => {
  const usd = { low: 1, expected: 4, high: 10 };
  const estimate = {
    usd,
    parts: [{ part: 'Ask', kind: 'ask' as const, usd, seconds: usd }],
    times: [],
  };

  it('lets a run through whose worst case is within the cap', () => {
    expect(() => checkCap(estimate, 10)).not.toThrow();
  });

  it('stops a run that might exceed it, and says what to do', () => {
    expect(() => checkCap(estimate, 9.99)).toThrow(CostCapError);
    expect(() => checkCap(estimate, 9.99)).toThrow(/\$4\.00, at worst \$10\.00.*"Ask".*Raise/);
  });
});
