import * as z from 'zod';
import { championPointer } from '#lib/contracts/champion.ts';
import { runName } from '#lib/contracts/run.ts';

/** `Run Succeeded`, as the pipeline's event bus delivers it. */
const runSucceeded = z
  .object({ 'detail-type': z.literal('Run Succeeded'), detail: z.object({ run: runName }) })
  .transform(({ detail }) => ({ kind: 'plan' as const, run: detail.run }));

/** The same asked by hand: `{"kind": "plan", "run": "2026-11-23"}`. */
const plan = z.strictObject({ kind: z.literal('plan'), run: runName });

/** One share of the users; all shares of a plan use the same champion. */
export const partMessage = z.strictObject({
  kind: z.literal('part'),
  run: runName,
  champion: championPointer,
  part: z.int().min(0),
  parts: z.int().min(1),
});

export type PartMessage = z.infer<typeof partMessage>;

export const batchMessage = z.union([runSucceeded, plan, partMessage]);

/** `recommendations/<run>/manifest.json`. */
export const recommendationsManifest = z.strictObject({
  schemaVersion: z.literal(1),
  /** Whose histories. */
  run: z.string(),
  /** Which model. */
  champion: championPointer,
  parts: z.int().min(1),
  /** Items a user. */
  count: z.int().min(1),
  createdAt: z.iso.datetime(),
});
