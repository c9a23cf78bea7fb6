import { expect } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { createRangeParser } from '#lib/interactions/range-parser.ts';
import { type RangeReport, reportUpload, uploadReport } from '#lib/interactions/report.ts';
import { settingsOf, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { uploadPlan } from './upload-plans.ts';

export const plan: UploadPlan = {
  ...uploadPlan,
  settings: settingsOf(interactionsConfig.parse({ eventRewards: { buy: 1, click: 0.2 } })),
};

export interface Upload {
  readonly rows: readonly object[];
  readonly bad?: number;
  readonly known?: ReadonlySet<string>;
  readonly change?: Partial<UploadPlan>;
}

/** The report on an upload of these rows and so many lines that are no JSON. */
export function report(
  { rows, bad = 0, known, change = {} }: Upload,
  failure: RangeReport['failure'] = null,
) {
  const changed = { ...plan, ...change };
  const parser = createRangeParser(changed, 0, known);
  parser.push(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')));
  parser.push(Buffer.from('no JSON\n'.repeat(bad)));
  parser.end();
  const { upload } = plan;
  const knownItems = known?.size ?? null;
  const result = reportUpload(changed, [
    { upload, range: 0, tally: parser.tally(), knownItems, failure },
  ]);
  expect(uploadReport.parse(JSON.parse(JSON.stringify(result)))).toStrictEqual(result);
  return result;
}

export const interactions = (count: number, row: (i: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, i) => ({
    user_id: i % 40,
    item_id: i % 20,
    timestamp: 1_700_000_000 + i,
    ...row(i),
  }));
/** Rows that are refused each for another reason where no item is known. */
export const reasonsOnce = [
  {},
  { user_id: 1, item_id: 1, timestamp: 1 },
  { user_id: 1, item_id: 1, timestamp: 1_700_000_000 },
];
export const twenty = new Set(Array.from({ length: 20 }, (_, i) => String(i)));
