import { runExperiment } from '../experiment.ts';
import type { ExperimentHooks } from '../experiment-hooks.ts';
import { writeWhole } from '../whole-file.ts';
import type { StudyPlan } from './config.ts';
import { type StudyResults, summariseStudy } from './results.ts';

/**
 * Runs a study as the experiment that it is: every environment of the grid is fitted, asked about the training sequences, and
 * recommenders are trained on what it says. Adds to `results.json` what each environment costs and what comes of it.
 *
 * @param out folder of everything; what is finished there is not done again
 * @param jobs processes that train at the same time
 * @throws PipelineError `Stopped` if the hooks ended it, or what failed
 */
export async function runStudy(
  plan: StudyPlan,
  out: string,
  jobs: number,
  hooks: ExperimentHooks = {},
): Promise<StudyResults> {
  const { results, path } = await runExperiment({ ...plan.experiment, out, jobs }, hooks);
  const study = summariseStudy(plan, results);
  writeWhole(path, study);
  return study;
}
