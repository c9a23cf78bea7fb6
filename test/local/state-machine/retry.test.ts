import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateError } from '#local/state-machine/errors.ts';
import { RetryBudget, retryDelaySeconds } from '#local/state-machine/retry.ts';

describe('Function: retryDelaySeconds', () => {
  const delays = (retrier: Record<string, unknown>, random = 0.5) =>
    [0, 1, 2, 3].map((attempt) =>
      retryDelaySeconds({ ErrorEquals: ['States.ALL'], ...retrier }, attempt, () => random),
    );

  it('waits 1, 2, 4, 8 seconds unless told otherwise', () => {
    expect(delays({})).toEqual([1, 2, 4, 8]);
  });

  it('multiplies the interval by the rate', () => {
    expect(delays({ IntervalSeconds: 2, BackoffRate: 3 })).toEqual([2, 6, 18, 54]);
  });

  it('never waits longer than MaxDelaySeconds', () => {
    expect(delays({ MaxDelaySeconds: 3 })).toEqual([1, 2, 3, 3]);
    expect(retryDelaySeconds({ ErrorEquals: ['A'], MaxDelaySeconds: 3 }, 5000, () => 0)).toBe(3);
  });

  it('takes a random share of the delay with JitterStrategy FULL, of the longest one too', () => {
    expect(delays({ JitterStrategy: 'FULL' }, 0.25)).toEqual([0.25, 0.5, 1, 2]);
    expect(delays({ JitterStrategy: 'FULL', MaxDelaySeconds: 2 }, 0.5)).toEqual([0.5, 1, 1, 1]);
    expect(delays({ JitterStrategy: 'NONE' }, 0.25)).toEqual([1, 2, 4, 8]);
  });
});

describe('Class: RetryBudget', () => {
  const budget = (...retriers: ConstructorParameters<typeof RetryBudget>[0]) =>
    new RetryBudget(retriers, () => 0.5);

  it('grants three retries unless told otherwise', () => {
    const retries = budget({ ErrorEquals: ['States.ALL'] });
    const error = new StateError('Busy');
    expect([1, 2, 3, 4].map(() => retries.next(error))).toEqual([1, 2, 4, undefined]);
  });

  it('grants none with MaxAttempts 0, although a later retrier would match', () => {
    const retries = budget(
      { ErrorEquals: ['Busy'], MaxAttempts: 0 },
      { ErrorEquals: ['States.ALL'] },
    );
    expect(retries.next(new StateError('Busy'))).toBeUndefined();
    expect(retries.next(new StateError('Other'))).toBe(1);
  });

  it('lets each retrier count its own', () => {
    // Arrange
    const retries = budget(
      { ErrorEquals: ['A'], MaxAttempts: 1 },
      { ErrorEquals: ['B'], MaxAttempts: 2, IntervalSeconds: 10 },
    );
    // Act
    const granted = ['A', 'B', 'A', 'B', 'B'].map((name) => retries.next(new StateError(name)));
    // Assess
    expect(granted).toEqual([1, 10, undefined, 20, undefined]);
  });

  it('never grants more than the retriers allow, in any order of errors', () => {
    const names = fc.constantFrom('A', 'B', 'C');
    const retrier = fc.record({
      ErrorEquals: fc.uniqueArray(names, { minLength: 1 }),
      MaxAttempts: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(retrier, { maxLength: 4 }), fc.array(names), (retriers, errors) => {
        const retries = budget(...retriers);
        const granted = errors.filter((name) => retries.next(new StateError(name)) !== undefined);
        for (const name of ['A', 'B', 'C']) {
          const first = retriers.find((it) => it.ErrorEquals.includes(name as 'A'));
          expect(granted.filter((it) => it === name).length).toBeLessThanOrEqual(
            first?.MaxAttempts ?? 0,
          );
        }
        expect(granted.length).toBeLessThanOrEqual(
          retriers.reduce((sum, it) => sum + it.MaxAttempts, 0),
        );
      }),
    );
  });
});
