import { describe, expect, test } from 'vitest';
import { nameRun } from '#lib/contracts/run.ts';

const now = new Date('2026-11-23T12:00:00Z');

describe('Function: nameRun', () => {
  test('takes the name that is asked for', () => {
    expect(nameRun('demo', null, 'UTC', now)).toBe('demo');
  });

  test.each([
    ['UTC', '2026-11-23'],
    ['Pacific/Auckland', '2026-11-24'],
    ['America/Los_Angeles', '2026-11-22'],
  ])('names a scheduled run by the local date in %s', (timeZone, expected) => {
    const scheduled =
      timeZone === 'America/Los_Angeles' ? '2026-11-23T03:30:00Z' : '2026-11-23T13:30:00Z';

    expect(nameRun(null, scheduled, timeZone, now)).toBe(expected);
  });

  test('names a run by today without a schedule', () => {
    expect(nameRun(null, null, 'UTC', now)).toBe('2026-11-23');
  });

  test.each(['a_b', '', '-a', 'a--b', 'a/b', 'x'.repeat(25)])('refuses the name "%s"', (name) => {
    expect(() => nameRun(name, null, 'UTC', now)).toThrow(/cannot be used/);
  });

  test('refuses a scheduled time that is none', () => {
    expect(() => nameRun(null, 'tonight', 'UTC', now)).toThrow(/not a time/);
  });
});
