import type { PipelineConfig } from '#lib/contracts/config.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import { verdictFile } from '#lib/promotion/verdict.ts';
import type { StateTiming } from '#lib/report/sections/timings.ts';
import type { Objects } from '#platform/objects.ts';

export interface TimedRun {
  readonly run: string;
  /** When this attempt began, ISO 8601. */
  readonly startedAt: string;
  /** Version of the environment that the run used. */
  readonly environment: string;
  readonly config: PipelineConfig;
}

/**
 * How long the long states took, from when their last object was written (to the second). What an earlier attempt
 * did took no time in this one and is left out.
 */
export async function gatherTimings(objects: Objects, timed: TimedRun): Promise<StateTiming[]> {
  const { run, config } = timed;
  const written = async (key: string) => (await objects.head(key))?.lastModified.getTime();
  const models = await Promise.all(
    config.training.models.map(({ name }) => written(runs.modelManifest(run, name))),
  );
  let augmented: number | undefined;
  for await (const { lastModified } of objects.list(runs.augmentedPrefix(run))) {
    augmented = Math.max(augmented ?? 0, lastModified.getTime());
  }
  const { winner } = await objects.getJson(runs.verdict(run), verdictFile);
  const refitted = await written(runs.refittedManifest(run, winner));
  const ends: readonly (readonly [string, number | undefined])[] = [
    ['BuildSequences', await written(runs.sequencesManifest(run))],
    ['MakeVectors', await written(runs.itemVectorsMetrics(run))],
    ['FitEnvironment', await written(environments.registration(timed.environment))],
    ['AugmentSequences', augmented],
    ['FitRivals', await written(runs.fittedRivalsManifest(run))],
    ['TrainRecommenders', Math.max(0, ...models.map((time) => time ?? 0))],
    ['EvaluateModels', await written(runs.evaluation(run))],
    ['RefitWinner', refitted],
  ];
  const timings: StateTiming[] = [];
  let previous = Date.parse(timed.startedAt);
  for (const [state, end] of ends) {
    if (end === undefined || end < previous) continue;
    timings.push({ state, seconds: (end - previous) / 1000 });
    previous = end;
  }
  return timings;
}
