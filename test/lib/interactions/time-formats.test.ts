import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeReader, createZone } from '#lib/interactions/time-formats.ts';

const utc = (text: string) => Date.parse(text) / 1000;

describe('Function: createTimeReader', () => {
  it.each([
    ['DD/MM/YYYY HH:mm', '01/12/2010 8:26', '2010-12-01T08:26:00Z'],
    ['D.M.YY', ' 1.2.09 ', '2009-02-01T00:00:00Z'],
    ['D.M.YY', '1.2.70', '1970-02-01T00:00:00Z'],
    ['MM/DD/YYYY hh:mm:ss A', '12/31/2020 12:05:09 am', '2020-12-31T00:05:09Z'],
    ['MM/DD/YYYY hh:mm:ss A', '12/31/2020 12:05:09 P.M.', '2020-12-31T12:05:09Z'],
    ['MMM D, YYYY', 'Sept 5, 2021', '2021-09-05T00:00:00Z'],
    ['D MMMM YYYY', '5 february 2021', '2021-02-05T00:00:00Z'],
    ['D  MMM YYYY H:mm', '5 feb. 2021   9:59', '2021-02-05T09:59:00Z'],
    ['D/M/YYYY hh:mm', '5/2/2021 09:30', '2021-02-05T09:30:00Z'],
    ['D/M/YYYY h:mm', '5/2/2021 9:30', '2021-02-05T09:30:00Z'],
    ['D/M/YYYY h:mm:ss A', '5/2/2021 9:30:59 pm', '2021-02-05T21:30:59Z'],
    ['YYYYMMDDHHmmss', '20210203040506', '2021-02-03T04:05:06Z'],
    [
      'YYYY-MM-DD[T]HH:mm:ss.SSS'.replaceAll(/[[\]]/g, ''),
      '2021-02-03T04:05:06.25',
      '2021-02-03T04:05:06.250Z',
    ],
  ])('reads %j in %j', (format, text, time) => {
    expect(createTimeReader(format)(text)).toEqual({ seconds: utc(time), offset: undefined });
  });

  it('reads an offset', () => {
    const read = createTimeReader('YYYY-MM-DD HH:mm Z');

    expect(read('2021-02-03 04:05 +0530')?.offset).toBe(19_800);
    expect(read('2021-02-03 04:05 -01:00')?.offset).toBe(-3600);
    expect(read('2021-02-03 04:05 UTC')?.offset).toBe(0);
  });

  it.each([
    ['DD/MM/YYYY', '30/02/2020'],
    ['DD/MM/YYYY', '12/31/2020'],
    ['DD/MM/YYYY', '2020/12/31'],
    ['DD/MM/YYYY', '01/01/2020 08:00'],
    ['DD/MM/YYYY HH:mm', '01/01/2020 24:00'],
    ['DD/MM/YYYY hh:mm A', '01/01/2020 13:00 PM'],
    ['DD/MM/YYYY HH:mm', '01/01/2020 08:60'],
    ['DD/MM/YYYY HH:mm:ss', '01/01/2020 08:00:60'],
    ['DD/MM/YYYY', '00/01/2020'],
    ['DD/MM/YYYY', '99/01/2020'],
    ['DD/MM/YYYY', '01/00/2020'],
    ['DD MMM YYYY', '01 Foo 2020'],
    ['DD.MM.YYYY', '01x02x2020'],
  ])('takes no %j for %j', (format, text) => {
    expect(createTimeReader(format)(text)).toBeUndefined();
  });

  it('reads every second back that it is written as', () => {
    const read = createTimeReader('DD/MM/YYYY HH:mm:ss');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T(.{8})/.exec(
          new Date(seconds * 1000).toISOString(),
        )!;
        expect(read(`${day}/${month}/${year} ${time}`)?.seconds).toBe(seconds);
      }),
    );
  });
});

describe('Function: createZone', () => {
  it.each([
    ['Europe/Berlin', '2026-07-01T12:00:00Z', '2026-07-01T10:00:00Z'],
    ['Europe/Berlin', '2026-01-01T00:30:00Z', '2025-12-31T23:30:00Z'],
    ['America/New_York', '2026-07-01T22:00:00Z', '2026-07-02T02:00:00Z'],
    ['Asia/Kathmandu', '2026-07-01T05:45:00Z', '2026-07-01T00:00:00Z'],
    ['+05:30', '2026-07-01T05:30:00Z', '2026-07-01T00:00:00Z'],
    // Later on the days on which clocks are changed.
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-29T10:00:00Z'],
    ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-25T11:00:00Z'],
    ['America/New_York', '2026-03-08T12:00:00Z', '2026-03-08T16:00:00Z'],
    ['America/New_York', '2026-11-01T12:00:00Z', '2026-11-01T17:00:00Z'],
    // The clock shows 2:30 twice: the first counts.
    ['Europe/Berlin', '2026-10-25T02:30:00Z', '2026-10-25T00:30:00Z'],
    // It never shows 2:30.
    ['Europe/Berlin', '2026-03-29T02:30:00Z', '2026-03-29T01:30:00Z'],
  ])('knows that the clock of %s shows %s at %s', (zone, wall, time) => {
    expect(createZone(zone)(utc(wall))).toBe(utc(time));
  });

  it('gives times that the clock shows so', () => {
    const toUnix = createZone('America/Sao_Paulo');
    const clock = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'America/Sao_Paulo',
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    fc.assert(
      // Without daylight saving since 2019, so that every wall-clock time exists once.
      fc.property(fc.integer({ min: utc('2020-01-01'), max: utc('2030-01-01') }), (wall) => {
        const shown = clock.format(toUnix(wall) * 1000);
        expect(`${shown.replace(' ', 'T')}Z`).toBe(
          new Date(wall * 1000).toISOString().replace('.000', ''),
        );
      }),
    );
  });
});
