import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { createRangeParser } from '#lib/interactions/range-parser.ts';
import { reportUpload } from '#lib/interactions/report.ts';
import { settingsOf } from '#lib/interactions/upload-plan.ts';
import { interactions, plan, reasonsOnce, report, twenty, type Upload } from './upload-reports.ts';

describe('Function: reportUpload', () => {
  it('has the most frequent reasons first, and of equally many in the order of the alphabet', () => {
    const order = (rows: readonly object[]) =>
      report({ rows, bad: 1, known: new Set() }).reasons.map(({ reason, count }) => [
        reason,
        count,
      ]);

    const once = ['broken-json', 'impossible-timestamp', 'missing-field', 'unknown-item'];
    expect(order(reasonsOnce)).toEqual(once.map((reason) => [reason, 1]));
    expect(order([...reasonsOnce, reasonsOnce[2]!, { a: 1 }, { b: 1 }])).toEqual([
      ['missing-field', 3],
      ['unknown-item', 2],
      ['broken-json', 1],
      ['impossible-timestamp', 1],
    ]);
  });

  it('has reasons of different ranges in the same order', () => {
    const ranges = ['{}\n', 'no JSON\n'].map((text, range) => {
      const parser = createRangeParser(plan, 0, undefined);
      parser.push(Buffer.from(text));
      parser.end();
      return { upload: plan.upload, range, tally: parser.tally(), knownItems: null, failure: null };
    });

    for (const order of [ranges, ranges.toReversed()]) {
      expect(reportUpload(plan, order).reasons.map(({ reason }) => reason)).toEqual([
        'broken-json',
        'missing-field',
      ]);
    }
  });

  it('says what became of the rows, of one as of several', () => {
    const [row, other] = interactions(2);
    const message = (upload: Upload) => report(upload).message;
    const lines = (...rows: object[]) => ({
      rows,
      change: { settings: { ...plan.settings, maximumBadShare: 1 } },
    });

    expect(message({ ...lines(row!, row!), bad: 1 })).toBe(
      '1 of the 3 rows of logs/a.jsonl were taken; 1 is in quarantine, 1 repeats another row.',
    );
    expect(message({ ...lines(row!, row!, row!, other!), bad: 2 })).toBe(
      '2 of the 6 rows of logs/a.jsonl were taken; 2 are in quarantine, 2 repeat another row.',
    );
    const settings = { ...plan.settings, maximumBadShare: 1, maximumQuarantineBytes: 1 };
    expect(report({ rows: [row!], bad: 2, change: { settings } })).toMatchObject({
      message:
        '1 of the 3 rows of logs/a.jsonl were taken; 2 are in quarantine (0 of them kept, the first ones of every range), 0 repeat another row.',
      quarantine: null,
      quarantineKept: 0,
    });
  });

  it('says that all rows are left out where they are, and of some only how many', () => {
    const leaveOut = [{ column: 'event_type', is: 'test' }];
    const settings = settingsOf(interactionsConfig.parse({ leaveOut }));
    const test = { event_type: 'test' };

    expect(report({ rows: interactions(1200, () => test), change: { settings } })).toMatchObject({
      status: 'succeeded',
      message: 'All 1,200 rows of logs/a.jsonl are left out, as the configuration says.',
      omitted: 1200,
    });
    const rows = interactions(20, (i) => (i % 2 ? test : {}));
    expect(report({ rows, change: { settings } })).toMatchObject({
      message:
        '10 of the 10 rows of logs/a.jsonl were taken; 0 are in quarantine, 0 repeat another row.',
      omitted: 10,
    });
  });

  it('takes of several ranges the failure and the catalogue of any', () => {
    const parser = createRangeParser(plan, 0, twenty);
    parser.push(Buffer.from(`${JSON.stringify(interactions(1)[0])}\n`));
    parser.end();
    const range = { upload: plan.upload, range: 0, tally: parser.tally(), failure: null };
    const failure = { code: 'ValidationError', message: 'it ends early.' };

    const { message, interactions: found } = reportUpload(plan, [
      { ...range, knownItems: null },
      { ...range, range: 1, knownItems: 20, failure },
    ]);

    expect(found?.catalogueItems).toBe(20);
    expect(message).toBe(
      'logs/a.jsonl could not be read to its end: it ends early. Nothing of it is used.',
    );
  });

  it('says where users, or items, are counted by a sketch', () => {
    const ranges = Array.from({ length: 64 }, (_, at) => ({
      start: at,
      end: at + 1,
      firstLine: 1,
    }));
    const many = { ...plan, ranges };
    const exact = (row: (i: number) => object) => {
      const tallies = ranges.map((_, range) => {
        const parser = createRangeParser(many, range, undefined);
        const rows = range === 0 ? interactions(2100, row) : [];
        parser.push(Buffer.from(rows.map((one) => `${JSON.stringify(one)}\n`).join('')));
        parser.end();
        return parser.tally();
      });
      return reportUpload(
        many,
        tallies.map((tally, range) => ({
          upload: plan.upload,
          range,
          tally,
          knownItems: null,
          failure: null,
        })),
      ).interactions?.exact;
    };

    expect(exact((i) => ({ user_id: i, item_id: 1 }))).toBe(false);
    expect(exact((i) => ({ user_id: 1, item_id: i }))).toBe(false);
    expect(exact((i) => ({ user_id: i % 900, item_id: i % 900 }))).toBe(true);
  });
});
