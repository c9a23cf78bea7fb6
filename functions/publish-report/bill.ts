import * as z from 'zod';
import { readAskingSeconds } from '#functions/shared/augmentation-results.ts';
import { rankedRivals } from '#functions/shared/ranked-rivals.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import {
  type BilledPart,
  billOf,
  type FunctionUse,
  type PaidUse,
  paidUse,
} from '#lib/cost/bill.ts';
import type { PartKind } from '#lib/cost/parts.ts';
import { priceList } from '#lib/cost/prices.ts';
import { bucketsOf, evaluateGigabytes, processorGigabytes } from '#lib/cost/work.ts';
import type { StateTiming } from '#lib/report/sections/timings.ts';
import type { Objects } from '#platform/objects.ts';
import prices from '../../config/prices.json' with { type: 'json' };

const usd = z.number();
/** As much of `cost.json` as is compared with. */
const costFile = z.looseObject({
  parts: z.array(
    z.looseObject({
      part: z.string(),
      kind: z.string().optional(),
      usd: z.looseObject({ low: usd, expected: usd, high: usd }),
    }),
  ),
});

/** The night, as far as its bill needs to know it. */
export interface BilledNight {
  readonly run: string;
  readonly config: PipelineConfig;
  readonly interactions: number;
  /** How long the states of this attempt took. */
  readonly timings: readonly StateTiming[];
}

/** What a run has cost up to its report beside what it was estimated at, attempts that failed left out. */
export async function gatherBill(objects: Objects, night: BilledNight): Promise<BilledPart[]> {
  const found = await objects.getVersion(runs.cost(night.run), costFile);
  if (found === undefined) return [];
  const estimated = found.value.parts.map(({ part, kind, usd }) => ({
    part,
    kind: kind as PartKind,
    usd,
  }));
  const paid: PaidUse[] = [];
  for await (const { key } of objects.list(runs.paidPrefix(night.run))) {
    paid.push(await objects.getJson(key, paidUse));
  }
  return billOf(estimated, paid, await functionUse(objects, night), priceList.parse(prices));
}

/** GB-seconds: at most what states took, with as many functions at a time as there may be; what asking functions say. */
async function functionUse(
  objects: Objects,
  { run, config, interactions, timings }: BilledNight,
): Promise<FunctionUse> {
  const secondsOf = (name: string) => timings.find(({ state }) => state === name)?.seconds;
  const { buildSequencesMegabytes, bucketConcurrency } = config.operations;
  const building = secondsOf('BuildSequences');
  const evaluating = secondsOf('EvaluateModels');
  const ranked = await objects.getVersion(runs.rankedRivals(run), rankedRivals);
  const judging = (evaluating ?? 0) + (secondsOf('FitRivals') ?? 0) + (ranked?.value.seconds ?? 0);
  const side = Math.min(bucketConcurrency, bucketsOf(config, { interactions }));
  return {
    waiting: (await readAskingSeconds(objects, run)) * processorGigabytes,
    ...(building !== undefined &&
      evaluating !== undefined && {
        functions: building * side * (buildSequencesMegabytes / 1024) + judging * evaluateGigabytes,
      }),
  };
}
