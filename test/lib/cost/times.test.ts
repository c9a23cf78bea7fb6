import { describe, expect, it } from 'vitest';
import { checkLimits } from '#lib/cost/refusals.ts';
import { jobTime, runTime, TimeLimitError } from '#lib/cost/times.ts';

const hoursOf = (expected: number) => ({
  low: expected * 1800,
  expected: expected * 3600,
  high: expected * 36_000,
});

describe('Function: checkLimits, of times', () => {
  it('lets through what is expected to end in time, whatever the worst case', () => {
    expect(() =>
      checkLimits({
        times: [jobTime('Fit', hoursOf(3.9), 8, 'x'), runTime(7.9 * 3600, 8, 'x')],
        memory: [],
        counts: [],
      }),
    ).not.toThrow();
  });

  it.each([
    [
      'a job',
      jobTime('Fit', hoursOf(4.1), 8, 'take less'),
      'Fit is expected to take 4.1 h, longer than the 4.0 h that a training job may take (half of operations.maximumRunHours), and would be stopped. Raise operations.maximumRunHours to 9 or more, or take less.',
    ],
    [
      'the run',
      runTime(8.5 * 3600, 8, 'take less'),
      'The whole run is expected to take 8.5 h, longer than the 8.0 h that operations.maximumRunHours allows, and would be stopped. Raise operations.maximumRunHours to 9 or more, or take less.',
    ],
    [
      'what no run has time for',
      jobTime('Fit', hoursOf(1234), 72, 'take less'),
      'Fit is expected to take 1,234 h, longer than the 36.0 h that a training job may take (half of operations.maximumRunHours), and would be stopped. That is more than the 72 hours that a run may be given: take less.',
    ],
  ])('refuses %s that would be stopped, with the number and the setting', (_, time, message) => {
    expect(() => checkLimits({ times: [time], memory: [], counts: [] })).toThrow(TimeLimitError);
    expect(() => checkLimits({ times: [time], memory: [], counts: [] })).toThrow(message);
  });

  it('names settings that do suffice', () => {
    const { remedy } = jobTime('Fit', hoursOf(4.1), 8, 'x');
    const neededRunHours = Number(/to (\d+) or more/.exec(remedy)![1]);

    expect(() =>
      checkLimits({
        times: [jobTime('Fit', hoursOf(4.1), neededRunHours, 'x')],
        memory: [],
        counts: [],
      }),
    ).not.toThrow();
  });
});
