import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { countRows } from '#lib/sequences/all-actions.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { collectRows, type TrainingPart } from './data/training-rows.ts';
import { stateMap } from './distillation.ts';
import { environmentMap } from './heads.ts';
import { describeNetwork } from './network.ts';
import type { TextVectors } from './text-table.ts';
import { trainModel } from './trainer.ts';
import type { TrainedModel, TrainingHooks } from './training-task.ts';

/** How the training went whose best weights are fitted on. */
export interface TrainingCourse {
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly steps: number;
}

/** A trained model, and all actions that it is fitted on. */
export interface RefitTask {
  readonly model: ResolvedModel;
  /** All parameters of the best epoch, the Q head's too. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly course: TrainingCourse;
  /** Rows of all actions, see `all-actions.ts`; gone through twice, so that they may be read as they are due. */
  readonly shards: Iterable<SequenceShard>;
  /** Size of the vocabulary. */
  readonly items: number;
  readonly window: number;
  readonly excludeHistory: boolean;
  readonly baskets: boolean;
  readonly text: TextVectors | undefined;
}

/**
 * Fits a model on all actions, held-out ones included, from the weights that were best on the validation cases: for
 * `refitPasses` passes at `refitLearningRate` of its learning rate, with its own objective. Nothing is left to judge it by, so
 * how many passes help is to be known beforehand (docs/evaluation.md). The LE was asked about training actions alone, so
 * a model that uses it is fitted on base rewards here.
 *
 * @throws ContractError if the parameters are not those of the model
 * @throws PipelineError `TrainingDiverged`
 */
export async function refitModel(
  task: RefitTask,
  hooks: TrainingHooks = {},
): Promise<TrainedModel> {
  const { counts, size } = countRows(task.shards, task.items);
  return trainModel(
    {
      model: refitSettings(task.model, task.course),
      rows: await collectRows(partsOf(task.shards), undefined, counts, size),
      window: task.window,
      excludeHistory: task.excludeHistory,
      baskets: task.baskets,
      validation: noCases,
      text: task.text,
      from: { parameters: task.parameters, environmentDimension: stateLength(task) },
    },
    hooks,
  );
}

function* partsOf(shards: Iterable<SequenceShard>): Generator<TrainingPart> {
  for (const sequences of shards) yield { sequences, augmented: undefined };
}

/** Length of the LE's states that the model has learned to see or to foretell; undefined if it does neither. */
function stateLength({ model, parameters, items, window, text }: RefitTask): number | undefined {
  // Both are maps between the encoder's states and the LE's.
  const map = parameters.get(environmentMap) ?? parameters.get(stateMap);
  if (map === undefined) return undefined;
  const { backbone, shape } = describeNetwork(model, items, window, undefined, text?.dimension);
  return map.length / backbone.stateDimension(shape);
}

/** The settings that a model is fitted on with; an actor that had begun goes on at once. */
export function refitSettings(
  model: ResolvedModel,
  { epochs, bestEpoch, steps }: TrainingCourse,
): ResolvedModel {
  const stepsPerEpoch = steps / Math.max(1, epochs);
  const warmUp = model.warmUpSteps ?? model.warmUpEpochs * stepsPerEpoch;
  const wasActing = bestEpoch * stepsPerEpoch > warmUp;
  const slower = (rate: number) => rate * model.refitLearningRate;
  return {
    ...model,
    maximumEpochs: model.refitPasses,
    learningRate: slower(model.learningRate),
    actorLearningRate:
      typeof model.actorLearningRate === 'number'
        ? slower(model.actorLearningRate)
        : model.actorLearningRate,
    warmUpSteps: wasActing ? 0 : Number.MAX_SAFE_INTEGER,
  };
}

const noCases = {
  users: [],
  requests: new Int32Array(0),
  times: new Float64Array(0),
  offsets: new Int32Array(1),
  items: new Int32Array(0),
  historyTimes: new Float64Array(0),
  earlierOffsets: new Int32Array(1),
  earlierItems: new Int32Array(0),
  targets: new Int32Array(0),
  rewards: new Float32Array(0),
  eventTypes: [],
};
