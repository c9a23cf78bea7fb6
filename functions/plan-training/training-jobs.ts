import {
  itemChannels,
  type JobPlace,
  modelHyperparameters,
  type TrainingJob,
  trainerJob,
} from '#functions/shared/trainer-job.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { isJudgedAsServed } from '#lib/contracts/refit-passes.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';

export interface TrainingPlan extends JobPlace {
  readonly config: PipelineConfig;
  /** The champion, if there is one that a job can rank. */
  readonly champion: Champion | undefined;
  /** Key prefixes of the models whose weights trainings begin with, by the model's name. @default - none */
  readonly warm?: ReadonlyMap<string, string>;
  /** Names of the models that an earlier attempt finished. */
  readonly done: ReadonlySet<string>;
}

/** The jobs that are still to be done. */
export function planTraining(plan: TrainingPlan): TrainingJob[] {
  const { run, config, champion, warm = new Map<string, string>(), done } = plan;
  const sequences = runs.sequencesPrefix(run);
  const { models: _, ...shared } = config.training;
  const jobs = config.training.models.map((model) =>
    trainerJob(
      plan,
      model.name,
      { task: 'train', ...modelHyperparameters(config, model) },
      {
        sequences,
        ...(readsEnvironment(model) && { augmented: runs.augmentedPrefix(run) }),
        ...itemChannels(run, model),
        ...(resolveModel(shared, model).prior !== undefined && {
          rivals: runs.fittedRivalsPrefix(run),
        }),
        ...(isJudgedAsServed(config, model) && { 'before-test': runs.beforeTestPrefix(run) }),
        ...(warm.has(model.name) && { warm: warm.get(model.name)! }),
      },
    ),
  );
  if (champion !== undefined) {
    const { judged, serving } = champion;
    const channels = { sequences, model: judged, ...(serving !== judged && { serving }) };
    jobs.push(trainerJob(plan, championLabel, { task: 'score' }, channels));
  }
  return jobs.filter((job) => !done.has(job.name));
}
