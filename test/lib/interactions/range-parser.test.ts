import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { createRangeParser, type QuarantinedRow } from '#lib/interactions/range-parser.ts';
import { createRangePlanner } from '#lib/interactions/range-planner.ts';
import { type RangeReport, reportUpload } from '#lib/interactions/report.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import { tally as tallySchema } from '#lib/interactions/tally.ts';
import { settingsOf, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { chunkSizes, chunksOf } from './arbitraries.ts';
import { inFileOrder } from './sorted.ts';

const columns = ['user_id', 'item_id', 'timestamp', 'event_type', 'value'];

function planFile(file: Buffer, change: Partial<UploadPlan> = {}, rangeBytes = 1e9): UploadPlan {
  const format = change.format ?? 'jsonl';
  const settings = { ...settingsOf(interactionsConfig.parse({})), maximumLineBytes: 1024 };
  const framing = {
    framing: format === 'csv' ? 'csv' : 'lines',
    carriageReturns: false,
    skipBytes: format === 'csv' ? file.indexOf('\n') + 1 : 0,
  } as const;
  const firstLine = format === 'csv' ? 2 : 1;
  const planner = createRangePlanner({ ...settings, ...framing, firstLine, rangeBytes });
  planner.push(file);
  const ranges = planner.end();
  return {
    upload: '20261123T000000Z-0123456789abcdef',
    bucket: 'a-bucket',
    key: 'logs/a.jsonl',
    etag: '"a"',
    bytes: file.length,
    arrivedAt: '2026-11-23T00:00:00.000Z',
    kind: 'logs',
    format,
    compression: null,
    dialect: null,
    ...framing,
    columns: format === 'csv' ? columns : null,
    ranges: ranges.length > 0 ? ranges : [{ start: 0, end: 1, firstLine }],
    catalogue: [],
    settings,
    ...change,
  };
}

/** Parses all ranges, each in chunks of the given sizes. */
function parseFile(file: Buffer, plan: UploadPlan, sizes = [1e9], known?: ReadonlySet<string>) {
  const lines = (text: string) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const ranges = plan.ranges.map(({ start, end }, range) => {
    const parser = createRangeParser(plan, range, known);
    const rows: Uint8Array[] = [];
    let quarantine = '';
    for (const chunk of chunksOf(file.subarray(start, end), sizes)) {
      const text = parser.push(chunk);
      rows.push(text.rows);
      quarantine += text.quarantine;
    }
    const text = parser.end();
    return {
      rows: Buffer.concat([...rows, text.rows]),
      quarantine: quarantine + text.quarantine,
      tally: parser.tally(),
    };
  });
  const reports = ranges.map(
    ({ tally }, range): RangeReport => ({
      upload: plan.upload,
      range,
      tally,
      knownItems: known?.size ?? null,
      failure: null,
    }),
  );
  return {
    ranges,
    rows: ranges.flatMap((range) =>
      plan.kind === 'logs' ? inFileOrder(range.rows) : lines(range.rows.toString()),
    ) as Interaction[],
    quarantine: ranges.flatMap((range) => lines(range.quarantine)) as QuarantinedRow[],
    report: reportUpload(plan, reports),
  };
}

const interaction = fc.record(
  {
    user_id: fc.constantFrom('ann', 'bob', 'é', 12, '"quoted"'),
    item_id: fc.constantFrom('one', 'two', 'with,comma', 3),
    timestamp: fc.constantFrom(1_700_000_000, 1_700_000_000_000, '2023-11-14', 1_700_000_001.5),
    event_type: fc.constantFrom('click', 'buy', null),
    value: fc.constantFrom(1, 2.5, null),
  },
  { noNullPrototype: true, requiredKeys: ['user_id', 'item_id', 'timestamp'] },
);

const asJson = (row: object) => JSON.stringify(row);
const asCsv = (row: Record<string, unknown>) =>
  columns
    .map((name) => String(row[name] ?? ''))
    .map((value) => (/[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .join(',');

/** Damages a line, or leaves it alone. */
const damage = fc
  .tuple(
    fc.constantFrom(
      'none',
      'none',
      'cut',
      'insert',
      'break',
      'blank',
      'bytes',
      'long',
      'field',
      'huge',
    ),
    fc.nat(),
    fc.constantFrom('"', ',', '}', 'x', '\u2028', '\ufeff'),
  )
  .map(([kind, at, letter]) => (line: string): Buffer => {
    const place = line.length === 0 ? 0 : at % line.length;
    const [before, after] = [line.slice(0, place), line.slice(place)];
    const damaged = {
      none: line,
      cut: before,
      insert: before + letter + after,
      break: `${before}\n${after}`,
      blank: ' ',
      bytes: line,
      long: line + 'y'.repeat(2000),
      field: line.replace(/user_id|ann/, 'nobody'),
      huge: line.replace(/17\d+/, '99999999999999999999'),
    }[kind] as string;
    const bytes = Buffer.from(damaged);
    return kind === 'bytes' ? Buffer.concat([bytes, Buffer.from([0xc3, 0x28])]) : bytes;
  });

/** A file of interactions, some of them damaged. */
const damagedFile = (format: 'jsonl' | 'csv') =>
  fc.array(fc.tuple(interaction, damage), { maxLength: 25 }).map((lines) => {
    const written = lines.map(([row, hurt]) => hurt(format === 'csv' ? asCsv(row) : asJson(row)));
    const header = format === 'csv' ? [Buffer.from(columns.join(','))] : [];
    return Buffer.concat([...header, ...written].flatMap((line) => [line, Buffer.from('\n')]));
  });

describe.each(['jsonl', 'csv'] as const)('Function: createRangeParser, %s', (format) => {
  it('takes every good row as it is', () => {
    fc.assert(
      fc.property(fc.uniqueArray(interaction, { selector: asJson, minLength: 1 }), (rows) => {
        // Arrange
        const lines = format === 'csv' ? [columns.join(','), ...rows.map(asCsv)] : rows.map(asJson);
        const file = Buffer.from(lines.join('\n'));

        // Act
        const { rows: taken, quarantine, report } = parseFile(file, planFile(file, { format }));

        // Assess
        expect(quarantine).toStrictEqual([]);
        expect(report.good + report.duplicate).toBe(rows.length);
        const text = (value: unknown) => String(value);
        for (const { line, user_id, item_id, event_type, value } of taken) {
          const given = rows[line - (format === 'csv' ? 2 : 1)]!;
          expect(user_id).toBe(text(given.user_id));
          expect(item_id).toBe(text(given.item_id));
          expect(event_type).toBe(given.event_type ?? null);
          expect(value).toBe(given.value ?? null);
        }
      }),
    );
  });

  it('loses nothing: read = good + quarantined + duplicate, whatever is damaged', () => {
    fc.assert(
      fc.property(damagedFile(format), fc.integer({ min: 1, max: 400 }), (file, rangeBytes) => {
        // Act
        const plan = planFile(file, { format }, rangeBytes);
        const { rows, quarantine, report, ranges } = parseFile(
          file,
          plan,
          [1e9],
          new Set(['one', '3']),
        );

        // Assess
        expect(report.read).toBe(report.good + report.quarantined + report.duplicate);
        expect(rows).toHaveLength(report.good);
        expect(quarantine).toHaveLength(report.quarantined);
        const text = file.toString('latin1');
        const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
        if (format === 'jsonl') {
          expect(report.read).toBe(lines.filter((line) => line.trim() !== '').length);
        }
        for (const { file: name, line, row } of quarantine) {
          expect(name).toBe(plan.key);
          const asText = Buffer.from(lines[line - 1]!, 'latin1')
            .toString()
            .replace(/^\uFEFF/, '');
          expect(row.slice(0, 1)).toBe(asText.slice(0, 1));
        }
        const byReason = report.reasons.reduce((sum, { count }) => sum + count, 0);
        expect(byReason).toBe(report.quarantined);
        for (const { tally } of ranges) {
          expect(tallySchema.parse(JSON.parse(JSON.stringify(tally)))).toStrictEqual(tally);
        }
      }),
    );
  });

  it('gives the same whatever the chunks', () => {
    fc.assert(
      fc.property(damagedFile(format), chunkSizes, (file, sizes) => {
        const plan = planFile(file, { format });

        expect(parseFile(file, plan, sizes)).toStrictEqual(parseFile(file, plan));
      }),
    );
  });

  it('gives the same in ranges as in one piece', () => {
    fc.assert(
      fc.property(damagedFile(format), fc.integer({ min: 1, max: 400 }), (file, rangeBytes) => {
        // Act
        const whole = parseFile(file, planFile(file, { format }));
        const cut = parseFile(file, planFile(file, { format }, rangeBytes));

        // Assess: repetitions across ranges are left to whoever reads the ranges together.
        const identity = ({ user_id, item_id, timestamp, event_type }: Interaction) =>
          JSON.stringify([user_id, item_id, timestamp, event_type]);
        const seen = new Set<string>();
        const distinct = cut.rows.filter((row) => {
          const isNew = !seen.has(identity(row));
          seen.add(identity(row));
          return isNew;
        });
        expect(distinct).toStrictEqual(whole.rows);
        expect(cut.quarantine).toStrictEqual(whole.quarantine);
        expect(cut.report.read).toBe(whole.report.read);
        expect(cut.report.reasons).toStrictEqual(whole.report.reasons);
        expect(cut.report.interactions?.users).toBe(whole.report.interactions?.users);
        expect(cut.report.interactions?.items).toBe(whole.report.interactions?.items);
      }),
    );
  });
});

describe('Function: createRangeParser', () => {
  const rowsOf = (...rows: object[]) => Buffer.from(rows.map(asJson).join('\n'));
  const row = { user_id: 'a', item_id: 'b', timestamp: 1_700_000_000 };

  it('takes the same user, item, time and event type for a repetition, and nothing else', () => {
    // Arrange
    const file = rowsOf(
      row,
      { ...row, timestamp: '2023-11-14T22:13:20Z', value: 3 },
      { ...row, event_type: 'click' },
      { ...row, timestamp: 1_700_000_000.5 },
      { ...row, user_id: 'a1', item_id: 'b' },
      { ...row, user_id: 'a', item_id: '1b' },
    );

    // Act
    const { report, rows } = parseFile(file, planFile(file));

    // Assess
    expect(report).toMatchObject({ read: 6, good: 5, duplicate: 1 });
    expect(rows.map(({ line }) => line)).toStrictEqual([1, 3, 4, 5, 6]);
  });

  it.each([
    ['{"user_id": ', 'broken-json'],
    ['[1]', 'wrong-type'],
    ['{"user_id":"a","item_id":"b"}', 'missing-field'],
    [asJson({ ...row, user_id: 'u'.repeat(257) }), 'id-too-long'],
    [asJson({ ...row, timestamp: 'never' }), 'impossible-timestamp'],
    [asJson({ ...row, timestamp: '2026-11-24T00:00:01Z' }), 'impossible-timestamp'],
    [asJson({ ...row, item_id: 'x' }), 'unknown-item'],
    ['{"user_id":"\xff"}', 'not-utf8'],
    [asJson({ ...row, note: 'n'.repeat(1024) }), 'line-too-long'],
  ])('quarantines %s as %s, with its line', (line, reason) => {
    // Arrange
    const file = Buffer.concat([Buffer.from('\n'), Buffer.from(line, 'latin1'), rowsOf({}, row)]);

    // Act
    const { quarantine } = parseFile(file, planFile(file), [1e9], new Set(['b']));

    // Assess
    expect(quarantine[0]).toMatchObject({ line: 2, file: 'logs/a.jsonl' });
    const second = parseFile(
      Buffer.from(`\n${line}\n`, 'latin1'),
      planFile(Buffer.from(`\n${line}\n`, 'latin1')),
      [1e9],
      new Set(['b']),
    );
    expect(second.quarantine).toMatchObject([{ line: 2, reason }]);
  });

  it.each([
    ['a,b', 'wrong-column-count'],
    ['a,b,1700000000,"x,', 'broken-csv'],
    ['a,"b"c,1700000000,,', 'broken-csv'],
    ['a,b,1700000000,,many', 'wrong-type'],
    [',b,1700000000,,', 'missing-field'],
  ])('quarantines the CSV line %s as %s, and reads on', (line, reason) => {
    // Arrange
    const file = Buffer.from(`${columns.join(',')}\r\n${line}\r\na,b,1700000000,,\r\n`);

    // Act
    const { quarantine, rows } = parseFile(file, planFile(file, { format: 'csv' }));

    // Assess
    expect(quarantine).toStrictEqual([expect.objectContaining({ line: 2, reason, row: line })]);
    expect(rows.map((good) => good.line)).toStrictEqual([3]);
  });

  it('writes items in lines that break only at line feeds', () => {
    const file = rowsOf({ item_id: 'a\u2028b', title: 'x\u2029' });

    const { ranges } = parseFile(file, planFile(file, { kind: 'catalog' }));

    const text = ranges[0]!.rows.toString();
    expect(text).not.toMatch(/[\u2028\u2029]/);
    expect(JSON.parse(text)).toStrictEqual({ item_id: 'a\u2028b', title: 'x\u2029', fields: {} });
  });

  it('writes quarantined rows in lines that break only at line feeds', () => {
    const file = rowsOf(
      { ...row, user_id: 'a\u2028b' },
      { ...row, user_id: 'c', value: 'x\u2029' },
    );

    const { ranges, rows, quarantine } = parseFile(file, planFile(file));

    expect(ranges[0]!.quarantine).not.toMatch(/[\u2028\u2029]/);
    expect(rows[0]?.user_id).toBe('a\u2028b');
    expect(quarantine[0]?.row).toContain('\u2029');
  });

  describe('keeps the first quarantined rows, as many as there is room for', () => {
    const bad = ['no row', 'no row that is longer than the others', 'none'];
    const file = Buffer.from(bad.map((line) => `${line}\n`).join(''));
    const kept = (maximumQuarantineBytes: number) => {
      const plan = planFile(file);
      const settings = { ...plan.settings, maximumQuarantineBytes };
      const { quarantine, ranges } = parseFile(file, { ...plan, settings }, [9]);
      expect(ranges[0]!.tally).toMatchObject({ quarantined: 3, kept: quarantine.length });
      return quarantine.map(({ row: text }) => text);
    };
    const entry = (line: number) => {
      const { quarantine } = parseFile(file, planFile(file));
      return Buffer.byteLength(JSON.stringify(quarantine[line])) + 1;
    };

    it('all of them', () => expect(kept(entry(0) + entry(1) + entry(2))).toEqual(bad));
    it('to the last byte', () => expect(kept(entry(0) + entry(1))).toEqual(bad.slice(0, 2)));
    it('and none behind one that does not fit', () => {
      expect(kept(entry(0) + entry(1) - 1)).toEqual(bad.slice(0, 1));
      expect(kept(entry(0))).toEqual(bad.slice(0, 1));
    });
    it('or none', () => {
      expect(kept(0)).toEqual([]);
      expect(kept(entry(0) - 1)).toEqual([]);
    });
  });

  it('hands on each item and quarantined row once, when its bytes have come', () => {
    const items = [
      { item_id: 'a', title: 'A' },
      { item_id: 'b', title: 'B' },
    ];
    const file = Buffer.from(`${items.map(asJson).join('\n')}\nno row\n`);
    const parser = createRangeParser(planFile(file, { kind: 'catalog' }), 0, undefined);
    const cut = file.indexOf('\n') + 1;

    const parts = [
      parser.push(file.subarray(0, cut)),
      parser.push(file.subarray(cut)),
      parser.end(),
    ];

    expect(parts.map(({ rows }) => rows.toString())).toEqual([
      `${asJson({ ...items[0], fields: {} })}\n`,
      `${asJson({ ...items[1], fields: {} })}\n`,
      '',
    ]);
    expect(parts.map(({ quarantine }) => quarantine.split('\n').length - 1)).toEqual([0, 1, 0]);
  });

  it('holds back no id in its tally', () => {
    const file = rowsOf({ ...row, user_id: 'somebody', item_id: 'something' });

    expect(JSON.stringify(parseFile(file, planFile(file)).ranges[0]?.tally)).not.toMatch(/some/);
  });
});
