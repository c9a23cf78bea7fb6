import * as z from 'zod';
import { championPointer } from '#lib/contracts/champion.ts';
import { runName } from '#lib/contracts/run.ts';

/** `Run Succeeded`, as the pipeline's event bus delivers it. */
const runSucceeded = z
  .object({ 'detail-type': z.literal('Run Succeeded'), detail: z.object({ run: runName }) })
  .transform(({ detail }) => ({ kind: 'plan' as const, run: detail.run }));

/** The same asked by hand: `{"kind": "plan", "run": "2026-11-23"}`. */
const plan = z.strictObject({ kind: z.literal('plan'), run: runName });

/** Every hour: are the lists there that should be? */
const check = z.strictObject({ kind: z.literal('check') });

/** One share of the users; all shares of a plan use the same champion, and their lists lie together. */
export const partMessage = z.strictObject({
  kind: z.literal('part'),
  run: runName,
  champion: championPointer,
  /** Names the parts that belong together: one model, one number of parts, one length of lists. */
  batch: z.string().regex(/^[0-9a-f]{16}$/),
  part: z.int().min(0),
  parts: z.int().min(1),
});

export type PartMessage = z.infer<typeof partMessage>;

export const batchMessage = z.union([runSucceeded, plan, check, partMessage]);

/** `recommendations/<run>/manifest.json`. */
export const recommendationsManifest = z.strictObject({
  schemaVersion: z.literal(1),
  /** Whose histories. */
  run: z.string(),
  /** Which model. */
  champion: championPointer,
  /** Where the parts are: `<prefix>part-<nnnnn>.jsonl.gz`, from 0. */
  prefix: z.string(),
  parts: z.int().min(1),
  /** Items per user. */
  count: z.int().min(1),
  createdAt: z.iso.datetime(),
});
