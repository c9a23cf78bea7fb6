import { describe, expect, it } from 'vitest';
import { nightsAMonth } from '#lib/cost/schedule.ts';

const month = 365.25 / 12;

describe('Function: nightsAMonth', () => {
  it.each([
    ['cron(30 3 * * ? *)', month],
    ['cron(0 3,15 * * ? *)', 2 * month],
    ['cron(0 0/6 ? * * *)', 4 * month],
    ['cron(0 3 ? * MON-FRI *)', (5 / 7) * month],
    ['cron(0 3 ? * 1,7 *)', (2 / 7) * month],
    ['cron(0 3 ? * MON#1 *)', 1],
    ['cron(0 3 ? * 6L *)', 1],
    ['cron(0 3 L * ? *)', 1],
    ['cron(0 3 1,15 * ? *)', 2],
    ['cron(0 3 31 * ? *)', 7 / 12],
    ['cron(0 3 1 JAN-MAR ? *)', 3 / 12],
    ['rate(1 day)', month],
    ['rate(12 hours)', 2 * month],
    ['rate(7 days)', month / 7],
    ['at(2026-12-01T03:30:00)', 0],
    [null, 0],
  ])('reads %s', (schedule, nights) => {
    expect(nightsAMonth(schedule)).toBeCloseTo(nights, 9);
  });

  it.each([
    'cron(30 3 * * ?)',
    'cron(99 3 * * ? *)',
    'cron(30 3 * FOO ? *)',
    'daily',
    'rate(1 week)',
  ])('says nothing of %s', (schedule) => {
    expect(nightsAMonth(schedule)).toBeUndefined();
  });
});
