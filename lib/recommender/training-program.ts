import { Adam } from '#lib/graph/adam.ts';
import { compile, type Program, step } from '#lib/graph/program.ts';
import { dropout, SeedStream } from '#lib/graph/random.ts';
import type { TensorSpec, TensorValues } from '#lib/graph/specification.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import type { ResolvedModel } from '#lib/pipeline/config/training.ts';
import type { Dropout } from './backbones/backbone.ts';
import type { BatchLayout, TrainingBatch } from './data/batch.ts';
import {
  actionValues,
  type BatchTensors,
  bootstrapValues,
  encodePlaces,
  keepAll,
} from './forward.ts';
import { supervisedHead, supervisedStates, valuesOfAll } from './heads.ts';
import { batchLoss } from './loss.ts';
import { createVariables, type Network } from './network.ts';
import { objectives } from './objectives/index.ts';
import { type Places, usesAugmented } from './objectives/objective.ts';
import { lastPlaces, linePositions } from './score.ts';

/** Cases that one evaluation step scores. */
export const evaluationCases = 256;

/** What a training step reports. */
export interface StepLosses {
  readonly loss: number;
  readonly crossEntropy: number;
  readonly reinforcement: number;
}

/** A model that can be trained and asked: variables and compiled steps. */
export interface TrainingProgram {
  /**
   * One update.
   *
   * @param randomSeed two integers that fix the step's dropout
   * @param isActing false during the warm-up of actor and critic
   */
  train(batch: TrainingBatch, randomSeed: Int32Array, isActing: boolean): StepLosses;
  /**
   * Scores of all items after each history, dropout off.
   *
   * @param items int32 `[evaluationCases, window]`, right-padded with 0
   * @param lengths int32 `[evaluationCases]`
   * @returns `[evaluationCases, items]`
   */
  score(items: Int32Array, lengths: Int32Array): Float32Array;
  /** All variables: parameters, target network, optimiser state. */
  readonly program: Program;
  dispose(): void;
}

/** Inputs of a batch that a model needs, by their name in `TrainingBatch`. */
function inputSpecs(
  model: ResolvedModel,
  network: Network,
  layout: BatchLayout,
): Record<string, TensorSpec> {
  const objective = objectives[model.objective];
  const places = layout.lines * layout.time;
  const line = { shape: [layout.lines, layout.time], dtype: 'int32' } as const;
  const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;
  const int = (...shape: number[]) => ({ shape, dtype: 'int32' }) as const;
  const hasAugmented = usesAugmented(model);
  return {
    items: line,
    positions: line,
    targets: int(places),
    weights: float(places),
    ...(objective.usesNextState && { rewards: float(places), continues: float(places) }),
    ...(objective.name === 'auxiliary' && { historyShares: float(places) }),
    ...(objective.usesNegatives && {
      negatives: int(places, layout.negatives),
      negativeRewards: float(places, layout.negatives),
    }),
    ...(hasAugmented && { augmentedActions: int(places), augmentedWeights: float(places) }),
    ...(hasAugmented && objective.usesNextState && { augmentedRewards: float(places) }),
    ...(network.environmentDimension > 0 && {
      environmentStates: float(places, network.environmentDimension),
    }),
    ...(objective.hasWarmUp && { isActing: float() }),
    seed: int(2),
  };
}

/**
 * Builds and compiles a model.
 *
 * @param propensities share of each item among all training actions, `[items]`
 * @param runEagerly execute operation by operation, the reference that the compiled graph is checked against
 */
export function createTrainingProgram(options: {
  readonly model: ResolvedModel;
  readonly network: Network;
  readonly layout: BatchLayout;
  readonly propensities: Float32Array;
  readonly runEagerly?: boolean;
}): TrainingProgram {
  const { model, network, layout } = options;
  const objective = objectives[model.objective];
  const inputs = inputSpecs(model, network, layout);
  const main = createVariables(network, 'main', model.seed);
  const target = objective.usesNextState ? createVariables(network, 'target', model.seed) : {};
  const optimiser = new Adam(main, { learningRate: model.learningRate });
  const settings = model;

  const train = step({
    inputs,
    run: (tensors: Record<string, tf.Tensor>) => {
      const batch = tensors as unknown as BatchTensors;
      const places = completePlaces(tensors, layout, options.propensities);
      const seeds = new SeedStream(tensors.seed as tf.Tensor1D);
      const drop: Dropout = (x) => dropout(x, model.dropout, seeds.next());
      const targets = objective.computeTarget(
        places,
        bootstrapValues(network, main, target, batch, { main: keepAll, target: keepAll }),
        settings,
      );
      // Automatic differentiation disposes of everything but the loss; what is kept is handed on below.
      const kept: tf.Scalar[] = [];
      const { value: loss, grads } = tf.variableGrads(() => {
        const { states } = encodePlaces(network, main, batch, drop);
        const values = actionValues(objective, main, states, batch);
        const decided = objective.computeLoss(places, values, targets, settings);
        const { total, crossEntropy, reinforcement } = batchLoss(
          main,
          states,
          batch,
          places.weights,
          decided,
          {
            reinforcementWeight: model.reinforcementWeight,
            enrichesSupervised: model.lea?.state === 'q_and_ce',
          },
        );
        kept.push(tf.keep(crossEntropy), tf.keep(reinforcement));
        return total;
      }, Object.values(main));
      optimiser.apply(grads);
      for (const [name, variable] of Object.entries(target)) {
        const step = tf.mul(tf.sub(main[name]!, variable), model.targetRate);
        variable.assign(tf.add(variable, step));
      }
      const [crossEntropy, reinforcement] = kept.map((part) => tf.clone(part));
      tf.dispose(kept);
      return { loss, crossEntropy: crossEntropy!, reinforcement: reinforcement! };
    },
  });

  const window = network.shape.window;
  const score = step({
    inputs: {
      items: { shape: [evaluationCases, window], dtype: 'int32' },
      lengths: { shape: [evaluationCases], dtype: 'int32' },
    },
    run: ({ items, lengths }) => {
      const sequence = {
        items: items as tf.Tensor2D,
        positions: linePositions(evaluationCases, window),
      };
      const { states } = network.backbone.encode(main, network.shape, sequence, keepAll);
      const last = lastPlaces(states, lengths as tf.Tensor1D); // [cases, state]
      return { scores: valuesOfAll(supervisedHead(main), supervisedStates(main, last)) };
    },
  });

  const variables = Object.fromEntries([
    ...Object.entries(main).map(([name, variable]) => [`main/${name}`, variable]),
    ...Object.entries(target).map(([name, variable]) => [`target/${name}`, variable]),
    ...Object.entries(optimiser.variables).map(([name, variable]) => [`adam/${name}`, variable]),
  ]) as Record<string, tf.Variable>;
  const program: Program = compile({
    variables,
    steps: { train, score },
    runEagerly: options.runEagerly ?? false,
    ownsVariables: true,
  });

  return {
    program,
    train(batch, randomSeed, isActing) {
      const given = {
        ...(batch as unknown as Record<string, TensorValues>),
        seed: randomSeed,
        isActing: Float32Array.of(isActing ? 1 : 0),
      };
      const fed = Object.fromEntries(
        Object.keys(inputs).map((name) => [name, given[name as keyof typeof given]]),
      ) as Record<string, TensorValues>;
      const outputs = program.run('train', fed);
      return {
        loss: outputs.loss![0]!,
        crossEntropy: outputs.crossEntropy![0]!,
        reinforcement: outputs.reinforcement![0]!,
      };
    },
    score(items, lengths) {
      return (program as Program).run('score', { items, lengths }).scores as Float32Array;
    },
    dispose: () => program.dispose(),
  };
}

/** The objectives' view of a batch; what the model does not use is zero. */
function completePlaces(
  tensors: Record<string, tf.Tensor>,
  layout: BatchLayout,
  propensities: Float32Array,
): Places {
  const places = layout.lines * layout.time;
  const given = (name: string) => tensors[name] ?? tf.zeros([places]);
  return {
    weights: given('weights') as tf.Tensor1D,
    rewards: given('rewards') as tf.Tensor1D,
    continues: given('continues') as tf.Tensor1D,
    negativeRewards: (tensors.negativeRewards ?? tf.zeros([places, 1])) as tf.Tensor2D,
    augmentedWeights: given('augmentedWeights') as tf.Tensor1D,
    augmentedRewards: given('augmentedRewards') as tf.Tensor1D,
    historyShares: given('historyShares') as tf.Tensor1D,
    propensities: tf.tensor1d(propensities.slice(0, places)),
    isActing: (tensors.isActing ?? tf.scalar(0)) as tf.Scalar,
  };
}
