import { batchLayout } from './batch-layout.ts';
import { createDirectSource, createThreadedSource } from './data/threaded-source.ts';
import { describeNetwork } from './network.ts';
import { excludedPlaces, rankCases } from './ranking.ts';
import { foldTables } from './text-table.ts';
import { createTrainingProgram } from './training-program.ts';
import { TrainingRun } from './training-run.ts';
import type { TrainedModel, TrainingHooks, TrainingTask } from './training-task.ts';

/**
 * Trains one recommender: epochs over all rows, judged on validation NDCG@10 after each, the best kept.
 *
 * @throws PipelineError `TrainingDiverged` with the step and the first tensor that is not finite
 */
export async function trainModel(
  task: TrainingTask,
  hooks: TrainingHooks = {},
): Promise<TrainedModel> {
  const { model, rows } = task;
  const network = describeNetwork(
    model,
    rows.counts.length,
    task.window,
    rows.environment?.stateDimension ?? task.from?.environmentDimension,
    task.text?.dimension,
    task.baskets,
  );
  const layout = batchLayout(model, network);
  const program = createTrainingProgram({
    network,
    layout,
    excluded: task.excludeHistory ? excludedPlaces(task.validation) : 0,
    runEagerly: task.runEagerly ?? false,
    text: task.text && { vectors: task.text.known, counts: rows.counts },
  });
  const createSource = task.runEagerly === true ? createDirectSource : createThreadedSource;
  const source = createSource({
    rows,
    layout,
  });
  try {
    const run = new TrainingRun(task, network, source, program, hooks);
    const wasStopped = await run.toTheEnd();
    const { state } = run;
    const weights = run.bestWeights();
    program.program.writeVariables(
      Object.fromEntries([...weights].map(([name, { values }]) => [`main/${name}`, values])),
    );
    return {
      network,
      weights: network.text && task.text ? foldTables(weights, task.text) : weights,
      parameters: run.bestParameters(),
      otherIds: network.text && task.text ? task.text.otherIds : [],
      curve: state.curve,
      bestEpoch: state.bestEpoch,
      steps: state.step,
      wasStopped,
      rank: (cases) => rankCases(program.ranker, cases),
      dispose: () => program.dispose(),
    };
  } catch (error) {
    program.dispose();
    throw error;
  } finally {
    await source.close();
  }
}
