import { readRunConfig } from '#functions/shared/run-config.ts';
import {
  itemChannels,
  modelHyperparameters,
  type TrainingJob,
  trainerJob,
} from '#functions/shared/trainer-job.ts';
import { refitJobName } from '#lib/contracts/job-name.ts';
import { runs } from '#lib/contracts/keys.ts';
import { refitPassesOf } from '#lib/contracts/refit-passes.ts';
import { refitManifest } from '#lib/promotion/refit.ts';
import { verdictFile } from '#lib/promotion/verdict.ts';
import type { Objects } from '#platform/objects.ts';
import { recountRival } from './rival.ts';

/** What is left to be done before the winner can be served. */
export interface RefitPlan {
  /** The job that fits a model on all actions; null if there is nothing for a job to do. */
  readonly job: TrainingJob | null;
  readonly done: 'before' | 'counted' | 'off' | 'planned';
}

/** Decides how the winner of a run is fitted on all actions. A rival is counted right here, which takes seconds. */
export async function planRefit(
  objects: Objects,
  { run, resource }: { readonly run: string; readonly resource: string },
): Promise<RefitPlan> {
  const { winner } = await objects.getJson(runs.verdict(run), verdictFile);
  if (await objects.getVersion(runs.refittedManifest(run, winner), refitManifest)) {
    return { job: null, done: 'before' };
  }
  const config = await readRunConfig(objects, run);
  const model = config.training.models.find(({ name }) => name === winner);
  if (refitPassesOf(config, model) === 0) return { job: null, done: 'off' };
  if (model === undefined) {
    await recountRival(objects, run, winner);
    return { job: null, done: 'counted' };
  }
  const job = trainerJob(
    { run, resource, bucket: objects.bucket },
    refitJobName,
    { task: 'refit', ...modelHyperparameters(config, model) },
    {
      sequences: runs.sequencesPrefix(run),
      'all-actions': runs.allActionsPrefix(run),
      model: runs.modelPrefix(run, winner),
      ...itemChannels(run, model),
    },
  );
  return { job: { ...job, name: winner }, done: 'planned' };
}
