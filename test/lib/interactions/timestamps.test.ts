import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EARLIEST_SECONDS, parseTimestamp, readIso } from '#lib/interactions/timestamps.ts';

const latest = Date.UTC(2026, 10, 24) / 1000;

describe('Function: parseTimestamp', () => {
  it.each([
    [1_365_029_107, 1_365_029_107],
    ['1365029107', 1_365_029_107],
    [1_365_029_107.25, 1_365_029_107.25],
    [1_365_029_107_250, 1_365_029_107.25],
    ['1.36502910725e12', 1_365_029_107.25],
    ['1.365029107e18', 1_365_029_107],
    [1_365_029_107_250_001, 1_365_029_107.250001],
    ['1365029107250001', 1_365_029_107.250001],
    [1_365_029_107_000_000_000, 1_365_029_107],
    ['1365029107250000000', 1_365_029_107.25],
    ['2013-04-03T22:45:07Z', 1_365_029_107],
    ['2013-04-03 22:45:07 UTC', 1_365_029_107],
    ['2013-04-03 22:45:07.250000 UTC', 1_365_029_107.25],
    ['2013-04-03 22:45:07 GMT', 1_365_029_107],
    ['2013-04-03 22:45:07 +0000', 1_365_029_107],
    ['2013-04-03 17:45:07 -05:00', 1_365_029_107],
    ['2013-04-03T22:45:07 Z', 1_365_029_107],
    ['2013-04-03T22:45:07Z[UTC]', 1_365_029_107],
    ['2013-04-04T00:45:07+02:00[Europe/Berlin]', 1_365_029_107],
    ['2013-04-03T22:45:07.2500000000Z', 1_365_029_107.25],
    ['2013/04/03 22:45:07', 1_365_029_107],
    ['20130403T224507Z', 1_365_029_107],
    ['2013-04-03t22:45:07.5z', 1_365_029_107.5],
    ['2013-04-03 22:45:07', 1_365_029_107],
    ['2013-04-04T00:15:07+01:30', 1_365_029_107],
    ['2013-04-03T17:45:07-0500', 1_365_029_107],
    ['2013-04-03T15:45:07-07', 1_365_029_107],
    ['2013-04-03T22:45', 1_365_029_100],
    ['2013-04-03', 1_364_947_200],
    [' 2024-02-29 ', 1_709_164_800],
    [EARLIEST_SECONDS, EARLIEST_SECONDS],
    [latest, latest],
  ])('reads %j', (value, seconds) => {
    expect(parseTimestamp(value, latest)).toBe(seconds);
  });

  it.each([
    ['2023-02-29', /existing/],
    ['2023-04-31T00:00:00Z', /existing/],
    ['2023-13-01', /existing/],
    ['2023-00-10', /existing/],
    ['2023-01-01T24:00:00Z', /existing/],
    ['2023-01-01T10:60:00Z', /existing/],
    ['2023-01-01T10:00:00+25:00', /existing/],
    ['2023-01-01T10:00:60Z', /existing/],
    ['2023-01-01T10:00:00+24:00', /existing/],
    ['2023-01-01T10:00:00+10:60', /existing/],
    [Number.NaN, /existing/],
    // The smallest of each unit: a second more of the smaller one would be thousands of years away.
    [1e11, /1973-03-03/],
    [1e14, /1973-03-03/],
    [1e17, /1973-03-03/],
    ['100000000000000000', /1973-03-03/],
    [1e11 - 1, /5138-11-16/],
    [8.64e15, /2243-10-17/],
    ['0099-01-01', /existing/],
    ['01/02/2023', /existing/],
    ['yesterday', /existing/],
    ['', /existing/],
    [EARLIEST_SECONDS - 1, /1989-12-31T23:59:59.000Z, which is before 1990/],
    [0, /1970-01-01/],
    [-5, /before 1990/],
    [latest + 1, /more than a day after/],
    ['13650291070000000000000', /beyond all/],
    ['20191001', /1970-08-22/],
    ['2019-10-01T00:00:00-0500[', /existing/],
    ['2019-10/01', /existing/],
    ['2019-10-01 00:00:00 EST', /existing/],
    ['2019-10-01 00:00:00 America/New_York', /existing/],
    ['1569888000L', /existing/],
    ['1,569,888,000', /existing/],
  ])('refuses %j', (value, detail) => {
    const refused = parseTimestamp(value, latest);

    expect(refused).toMatchObject({ reason: 'impossible-timestamp' });
    expect((refused as { detail: string }).detail).toMatch(detail);
  });

  it('reads every moment alike in all notations', () => {
    const moments = fc.integer({ min: EARLIEST_SECONDS * 1000, max: latest * 1000 });
    fc.assert(
      fc.property(moments, fc.integer({ min: -14 * 60, max: 14 * 60 }), (ms, zoneMinutes) => {
        // Arrange
        const local = new Date(ms + zoneMinutes * 60_000).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.abs(zoneMinutes) / 60, Math.abs(zoneMinutes) % 60];
        const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
        const zoned = `${local}${zoneMinutes < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;

        // Act
        const read = [ms, String(ms), ms / 1000, new Date(ms).toISOString(), zoned].map((value) =>
          parseTimestamp(value, latest),
        );

        // Assess
        for (const seconds of read) expect(seconds).toBeCloseTo(ms / 1000, 3);
      }),
    );
  });

  it('gives a credible time or a reason for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String)), (text) => {
        const read = parseTimestamp(text, latest);

        if (typeof read === 'number') {
          expect(read).toBeGreaterThanOrEqual(EARLIEST_SECONDS);
          expect(read).toBeLessThanOrEqual(latest);
        } else expect(read.reason).toBe('impossible-timestamp');
      }),
    );
  });
});

describe('Function: readIso', () => {
  it.each([
    ['2013-04-03T22:45:07', undefined],
    ['2013-04-03', undefined],
    ['2013-04-03T22:45:07Z', 0],
    ['2013-04-03T22:45:07-01:30', -5400],
    ['2013-04-03T22:45:07+02', 7200],
  ])('knows whether %s has a zone, and how far east it is', (text, offset) => {
    const time = readIso(text)!;

    expect(time.offset === undefined ? undefined : time.offset + 0).toBe(offset);
  });
});
