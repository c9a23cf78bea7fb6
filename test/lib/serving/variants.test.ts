import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignVariant } from '#lib/serving/variants.ts';

const users = Array.from({ length: 20_000 }, (_, user) => String(user));
const challenged = (experiment: string, share: number) =>
  users.filter(
    (user_id, at) =>
      assignVariant({ experiment, share }, { user_id }, `request-${at}`).variant === 'challenger',
  );

describe('Function: assignVariant', () => {
  it('gives a user the same variant whatever the request, and says with which chance', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.double({ min: 0.01, max: 0.99 }), (id, share) => {
        const settings = { experiment: 'one', share };
        const [first, second] = ['a', 'b'].map((request) =>
          assignVariant(settings, { user_id: id }, request),
        );
        expect(first).toStrictEqual(second);
        expect(first!.propensity).toBe(first!.variant === 'challenger' ? share : 1 - share);
      }),
    );
  });

  it('gives the challenger its share, four standard deviations at most beside it', () => {
    for (const share of [0.01, 0.1, 0.5, 0.9]) {
      const deviation = Math.sqrt(share * (1 - share) * users.length);
      expect(Math.abs(challenged('one', share).length - share * users.length)).toBeLessThan(
        4 * deviation,
      );
    }
  });

  it('shuffles anew under another name, and adds to the challenged ones as their share grows', () => {
    // Act
    const one = new Set(challenged('one', 0.5));
    const again = challenged('two', 0.5).filter((user) => one.has(user));
    const fewer = challenged('one', 0.2);
    // Assess: half of a half, as chance would have it.
    expect(Math.abs(again.length / users.length - 0.25)).toBeLessThan(0.02);
    expect(fewer.filter((user) => !one.has(user))).toStrictEqual([]);
  });

  it('tells those without an id by their history, and those without either by their request', () => {
    // Arrange
    const settings = { experiment: 'one', share: 0.5 };
    const variantOf = (history: string[], request: string) =>
      assignVariant(settings, { history }, request).variant;
    const requests = Array.from({ length: 40 }, (_, at) => `request-${at}`);
    // Act
    const [same, histories, unknown] = [
      requests.map((request) => variantOf(['a', 'b'], request)),
      requests.map((request) => variantOf([request], 'x')),
      requests.map((request) => variantOf([], request)),
    ];
    // Assess
    expect(new Set(same).size).toBe(1);
    expect(new Set(histories).size).toBe(2);
    expect(new Set(unknown).size).toBe(2);
  });
});
