import * as z from 'zod';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs, trials } from '#lib/contracts/keys.ts';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import {
  type EnvironmentTrial,
  judgeTrial,
  trialPlan,
  withoutTwins,
} from '#lib/promotion/environment-trial.ts';
import type { Objects } from '#platform/objects.ts';

/** What of `cost.json` tells the environment's part. */
const costFile = z.looseObject({
  parts: z.array(z.looseObject({ part: z.string(), usd: z.looseObject({ expected: z.number() }) })),
});

/** Records what a night of trial has shown of the environment; undefined in any other night. */
export async function recordTrial(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  evaluation: Evaluation,
  now: Date,
): Promise<EnvironmentTrial | undefined> {
  // Runs of an earlier release have none.
  const plan = (await objects.getVersion(runs.trial(run), trialPlan))?.value;
  if (plan?.kind !== 'trial') return undefined;
  const { parts } = await objects.getJson(runs.cost(run), costFile);
  const usd = parts
    .filter(({ part }) =>
      /^(Fit the environment|Ask the environment|Wait for its answers)/.test(part),
    )
    .reduce((sum, each) => sum + each.usd.expected, 0);
  const trial = judgeTrial(run, withoutTwins(config, plan), plan, evaluation, usd, now);
  await objects.putJson(trials.environment, trial);
  return trial;
}
