import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { fileInsights } from '#lib/interactions/file-insights.ts';
import { type MergedTally, mergeTallies } from '#lib/interactions/merge.ts';
import { createTally } from '#lib/interactions/tally.ts';
import { settingsOf, type UploadPlan } from '#lib/interactions/upload-plan.ts';

const plan: UploadPlan = {
  upload: '20261123T000000Z-0123456789abcdef',
  bucket: 'a-bucket',
  key: 'logs/a.csv',
  etag: '"a"',
  bytes: 1000,
  arrivedAt: '2026-11-23T00:00:00.000Z',
  kind: 'logs',
  format: 'csv',
  compression: null,
  dialect: null,
  framing: 'csv',
  carriageReturns: false,
  skipBytes: 0,
  columns: ['user_id', 'item_id', 'timestamp'],
  ranges: [{ start: 0, end: 1000, firstLine: 2 }],
  catalogue: [],
  settings: settingsOf(interactionsConfig.parse({})),
};
const usual: MergedTally = {
  ...mergeTallies(plan.upload, [createTally('logs', plan.upload, 1).result()]),
  read: 5,
  good: 5,
};

const remarks = (tally: Partial<MergedTally>, change: Partial<UploadPlan> = {}) =>
  fileInsights({ ...plan, ...change }, { ...usual, ...tally });
const messages = (...given: Parameters<typeof remarks>) =>
  remarks(...given).map(({ message }) => message);

describe('Function: fileInsights', () => {
  it('has nothing to say of a plain file, with or without columns', () => {
    expect(remarks({})).toEqual([]);
    expect(remarks({}, { format: 'jsonl', framing: 'lines', columns: null })).toEqual([]);
    expect(remarks({ quarantined: 3, kept: 3 })).toEqual([]);
  });

  it('says that there are no rows, but not where all were left out', () => {
    expect(remarks({ read: 0 })).toEqual([
      {
        code: 'no-rows',
        message: 'The file has no rows.',
        advice: 'Nothing to do if the job had nothing to write; otherwise check the export.',
      },
    ]);
    expect(messages({ read: 0, omitted: 2 })).toEqual([
      '2 rows are left out, as interactions.leaveOut says.',
    ]);
  });

  it.each([
    [
      'left-out-rows',
      { omitted: 1 },
      { kind: 'catalog' },
      '1 row is left out, as interactions.items.leaveOut says.',
    ],
    [
      'not-json-lines',
      {},
      { framing: 'objects' },
      'The file is a series of JSON objects and not one object per line, so "line" is the number of the object.',
    ],
    [
      'nameless-columns',
      {},
      { columns: ['', 'user_id'] },
      '1 column has no name in the header line and is left out.',
    ],
    [
      'nameless-columns',
      {},
      { columns: ['', 'user_id', ''] },
      '2 columns have no name in the header line and are left out.',
    ],
    [
      'repeated-header',
      { repeatedHeaders: 2 },
      {},
      'The header line comes 2 more times in the file and is passed over there.',
    ],
    [
      'placeholder-fields',
      { notes: { 'placeholder-field': 1 } },
      {},
      '1 optional field of the rows taken is a word for "nothing" and counts as absent: NULL, nan, None, \\N and the like.',
    ],
    [
      'placeholder-fields',
      { notes: { 'placeholder-field': 1200 } },
      {},
      '1,200 optional fields of the rows taken are words for "nothing" and count as absent: NULL, nan, None, \\N and the like.',
    ],
    [
      'quarantine-cut',
      { quarantined: 2000, kept: 1999 },
      {},
      'Of 2,000 quarantined rows, 1,999 are kept, the first ones of every range; the counts are of all.',
    ],
  ] as const)('remarks %s', (code, tally, change, message) => {
    const found = remarks(tally, change as Partial<UploadPlan>);

    expect(found).toEqual([{ code, message, advice: expect.stringMatching(/^[A-Z].*\.$/) }]);
  });
});
