import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { settingsOf, type UploadPlan } from '#lib/interactions/upload-plan.ts';

/** The plan of an upload of JSON lines in one range, as the configuration's defaults have it. */
export const uploadPlan: UploadPlan = {
  upload: '20261123T000000Z-0123456789abcdef',
  bucket: 'a-bucket',
  key: 'logs/a.jsonl',
  etag: '"a"',
  bytes: 1000,
  arrivedAt: '2026-11-23T00:00:00.000Z',
  kind: 'logs',
  format: 'jsonl',
  compression: null,
  dialect: null,
  framing: 'lines',
  carriageReturns: false,
  skipBytes: 0,
  columns: null,
  ranges: [{ start: 0, end: 1000, firstLine: 1 }],
  catalogue: [],
  settings: settingsOf(interactionsConfig.parse({})),
};
