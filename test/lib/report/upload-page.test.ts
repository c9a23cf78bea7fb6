import { describe, expect, it } from 'vitest';
import type { UploadReport } from '#lib/interactions/report.ts';
import { driftOfMix, renderUploadPage } from '#lib/report/upload-page.ts';
import { describePages } from '../../pages-in-browser.ts';

/** An upload of a day in November. */
function upload(day: number, change: Partial<UploadReport> = {}): UploadReport {
  const date = `2026-11-${String(day).padStart(2, '0')}`;
  return {
    schemaVersion: 1,
    upload: `u${day}`,
    file: `logs/${date}.csv`,
    kind: 'logs',
    status: 'succeeded',
    message: `1,000 of the 1,010 rows of logs/${date}.csv were taken.`,
    arrivedAt: `${date}T02:00:00.000Z`,
    bytes: 1,
    ranges: 1,
    read: 1010,
    good: 1000,
    quarantined: 10,
    duplicate: 0,
    omitted: 25,
    badShare: 10 / 1010,
    reasons: [
      {
        reason: 'impossible-timestamp',
        meaning: 'The timestamp cannot be read.',
        advice: 'Use Unix seconds.',
        count: 10,
        examples: [{ line: 17, detail: 'timestamp is <b>no</b> time' }],
      },
    ],
    quarantine: null,
    quarantineKept: 0,
    interactions: {
      users: 200,
      usersWithSeveral: 150,
      items: 80,
      exact: true,
      firstAt: `${date}T00:00:00.000Z`,
      lastAt: `${date}T23:59:59.000Z`,
      eventTypes: { click: 700, purchase: 200 },
      catalogueItems: null,
    },
    items: null,
    insights: [{ code: 'x', message: 'Something is odd.', advice: 'Look at it.' }],
    ...change,
  };
}

const catalogue = upload(3, {
  kind: 'catalog',
  file: 'catalog/items.csv',
  interactions: null,
  items: { items: 1000, exact: true, fields: { brand: 900, colour: 100 } },
});

const audit = { tied: 0.12, cold: 0.34, repeatedTargets: 0.05, drift: 0.4, driftByChance: 0.1 };
const page = renderUploadPage(upload(20), {
  earlier: [
    upload(19),
    catalogue,
    upload(18, { status: 'failed' }),
    ...[17, 16, 15, 14, 13, 12, 11].map((day) => upload(day)),
  ],
  audit,
});

describe('Function: renderUploadPage', () => {
  it('shows rows, reasons with first lines, completeness, event mix, time span and what evaluation meets', () => {
    for (const text of [
      'left out, as configured',
      'line 17: timestamp is &lt;b&gt;no&lt;/b&gt; time',
      'rows with an event type',
      '90.0\u202f%',
      'Event mix',
      'From 2026-11-20 00:00 UTC to 2026-11-20 23:59 UTC (1 day)',
      'Something is odd.',
      'Ties, cold items, repeats and drift',
      '34.0\u202f%',
    ]) {
      expect(page).toContain(text);
    }
  });

  it('holds it against the last seven of its kind that were taken', () => {
    expect(page).toContain('The event mix is 0.0\u202f% away from that of the 7 uploads before');
    for (const day of [19, 17, 16, 15, 14, 13, 12]) expect(page).toContain(`2026-11-${day} 02:00`);
    // Older ones, and those of which nothing is used.
    expect(page).not.toContain('2026-11-11 02:00');
    expect(page).not.toContain('2026-11-18 02:00');
  });

  it('shows of a catalogue which fields its items have', () => {
    const shown = renderUploadPage(catalogue);

    expect(shown).toContain('Items that have each field');
    expect(shown).toContain('colour');
    expect(shown).toContain('10.0\u202f%');
    expect(shown).not.toContain('Event mix');
  });

  it('shows of an upload that was not read what is wrong with it, and nothing else', () => {
    const unread = upload(5, {
      status: 'failed',
      message: 'It is a zip archive.',
      ranges: 0,
      read: 0,
      good: 0,
      quarantined: 0,
      omitted: 0,
      reasons: [],
      interactions: null,
      insights: [],
    });

    const shown = renderUploadPage(unread);

    expect(shown).toContain('It is a zip archive.');
    expect(shown).not.toContain('Completeness');
  });
});

describe('Function: driftOfMix', () => {
  const typed = (eventTypes: Record<string, number>, good: number) =>
    upload(1, { good, interactions: { ...upload(1).interactions!, eventTypes } });

  it.each([
    [{ click: 50 }, { click: 5 }, 0],
    [{ click: 50 }, { purchase: 50 }, 1],
    [{ click: 25, purchase: 25 }, { click: 50 }, 0.5],
    // Rows without a type are a kind of their own.
    [{ click: 40 }, { click: 50 }, 0.2],
  ])('is the total variation of %o from %o: %d', (own, theirs, expected) => {
    const before = typed(theirs, Object.values(theirs)[0]!);

    expect(driftOfMix(typed(own, 50), [before])).toBeCloseTo(expected, 12);
  });
});

describePages('The page about an upload', { log: page, catalogue: renderUploadPage(catalogue) });
