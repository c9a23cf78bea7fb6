import { ContractError } from '#lib/contracts/errors.ts';
import { batchLayout } from './batch-layout.ts';
import { createDirectSource, createThreadedSource } from './data/threaded-source.ts';
import { codeItems } from './item-codes.ts';
import { itemCodes } from './item-table.ts';
import { describeNetwork, type Network } from './network.ts';
import type { Weights } from './parameters.ts';
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
  const codes = codesOf(network, task);
  const program = createTrainingProgram({
    network,
    layout,
    excluded: task.excludeHistory ? excludedPlaces(task.validation) : 0,
    runEagerly: task.runEagerly ?? false,
    codes: codes?.values,
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
    const parameters = run.bestParameters();
    if (codes !== undefined) parameters.set(itemCodes, Float32Array.from(codes.values));
    return {
      network,
      weights:
        network.text && task.text
          ? foldTables(weights, task.text)
          : new Map<string, Weights>([...weights, ...(codes ? [[itemCodes, codes] as const] : [])]),
      parameters,
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

/** The items' codes: those of the model that is fitted on, or made from the rows. Undefined for a network without. */
function codesOf(
  { itemCodes: settings, shape }: Network,
  task: TrainingTask,
): Weights<Uint8Array> | undefined {
  if (settings === undefined) return undefined;
  const { items } = shape;
  const size = [items, settings.codebooks];
  if (task.from === undefined) {
    return { shape: size, values: codeItems(task.rows, items, settings, task.model.seed) };
  }
  const codes = task.from.parameters.get(itemCodes);
  if (codes?.length !== items * settings.codebooks) {
    throw new ContractError(
      'The parameters to fit on are not those of the model: its items are made of parts, and their codes are missing or those of other items.',
    );
  }
  return { shape: size, values: Uint8Array.from(codes) };
}
