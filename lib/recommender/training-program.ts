import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { Adam } from '#lib/graph/adam.ts';
import { compile } from '#lib/graph/compile.ts';
import { type Program, type Steps, step } from '#lib/graph/program.ts';
import { dropout, SeedStream } from '#lib/graph/random.ts';
import type { TensorSpec, TensorValues } from '#lib/graph/specification.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { actionValues } from './action-values.ts';
import type { Dropout, Parameters } from './backbones/backbone.ts';
import { countAhead, rankingCases } from './count-ahead.ts';
import { type Batch, type BatchLayout, batchSpecs } from './data/layout.ts';
import { type BatchTensors, tensorOf } from './designs/design.ts';
import { lines } from './designs/lines.ts';
import { prefixes } from './designs/prefixes.ts';
import { batchLoss } from './loss.ts';
import { createVariables, type Network } from './network.ts';
import { objectives } from './objectives/index.ts';
import type { Places } from './objectives/objective.ts';
import { initialise } from './parameters.ts';
import type { Ranker } from './ranking.ts';
import { scoreItems } from './score.ts';
import { boundDifferences, completeTables } from './text-table.ts';

/** What a training step reports, means a target. */
export interface StepLosses {
  readonly loss: number;
  readonly supervised: number;
  readonly reinforcement: number;
}

/** How one step is to be done. */
export interface StepOptions {
  /** Two integers that fix the step's dropout. */
  readonly seed: Int32Array;
  /** False during the warm-up of actor and critic. */
  readonly isActing: boolean;
  /** Update the second network and take the first one's judgement (`paper` preset). */
  readonly isSwapped: boolean;
}

/** A model that can be trained and asked: variables and compiled steps. */
export interface TrainingProgram {
  train(batch: Batch, options: StepOptions): StepLosses;
  /** Ranks targets with the first network, dropout off. */
  readonly ranker: Ranker;
  /** All variables: parameters, second network, optimiser state. */
  readonly program: Program;
  dispose(): void;
}

/** What a model that uses its items' texts is given of them. */
export interface TextInput {
  /** `[items, dimension]` */
  readonly vectors: Float32Array;
  /** Occurrences of each item in the training sequences, `[items]`. */
  readonly counts: Int32Array;
}

/** The same as variables: `vectors` `[items, dimension]`, `hasAction` `[items, 1]`. */
interface TextVariables {
  readonly vectors: tf.Variable<tf.Rank.R2>;
  readonly hasAction: tf.Variable<tf.Rank.R2>;
  /** Items with an action, which come first. */
  readonly warmItems: number;
}

/**
 * Builds and compiles a model.
 *
 * @param excluded places for items to leave out of a case's list
 * @param runEagerly execute operation by operation, the reference that the compiled graph is checked against
 */
export function createTrainingProgram(options: {
  readonly model: ResolvedModel;
  readonly network: Network;
  readonly layout: BatchLayout;
  readonly excluded: number;
  readonly runEagerly?: boolean;
  readonly text?: TextInput | undefined;
}): TrainingProgram {
  const { model, network, layout } = options;
  const objective = objectives[model.objective];
  const isPaper = model.preset === 'paper';
  const initial = initialise(network.specs, model.seed, 'first');
  const main = createVariables('main', initial);
  // `sound`: a copy that follows slowly. `paper`: a network of its own, of which either may be the one that learns.
  const second = objective.usesNextState
    ? createVariables('second', isPaper ? initialise(network.specs, model.seed, 'second') : initial)
    : {};
  const pairs: Partial<Record<Learner, NetworkPair>> = {
    main: { main, target: second },
    ...(isPaper && objective.usesNextState && { second: { main: second, target: main } }),
  };
  const hasOwnActor = objective.hasWarmUp && model.actorLearningRate !== null;
  const rates: Partial<Record<Phase, number>> = {
    warmUp: model.learningRate,
    ...(hasOwnActor && {
      acting:
        typeof model.actorLearningRate === 'number' ? model.actorLearningRate : model.learningRate,
    }),
  };

  const text = textVariables(network, options.text);
  const inputs: Record<string, TensorSpec> = {
    ...batchSpecs(layout),
    seed: { shape: [2], dtype: 'int32' },
    ...(objective.hasWarmUp && { isActing: { shape: [], dtype: 'float32' } }),
  };
  const steps: Record<string, Steps[string]> = {};
  const optimisers: Adam[] = [];
  for (const [learner, pair] of entriesOf(pairs)) {
    for (const [phase, learningRate] of entriesOf(rates)) {
      const optimiser = new Adam(pair.main, { learningRate, name: optimiserNames[phase][learner] });
      optimisers.push(optimiser);
      steps[stepNames[phase][learner]] = step({
        inputs,
        run: (tensors: Record<string, tf.Tensor>) => {
          const { losses, gradients } = lossAndGradients(
            model,
            network,
            layout,
            pair,
            tensors,
            text,
          );
          optimiser.apply(gradients);
          if (text !== undefined && network.text !== undefined) {
            boundDifferences(pair.main, text.hasAction, network.text.settings.bound);
          }
          if (!isPaper) follow(pair.target, pair.main, model.targetRate);
          return losses;
        },
      });
    }
  }
  const cases = rankingCases(network.shape.items);
  const program: Program = compile({
    variables: {
      ...named({ main, second }, optimisers),
      ...(text && {
        [`${givenPrefix}vectors`]: text.vectors as tf.Variable,
        [`${givenPrefix}has-action`]: text.hasAction as tf.Variable,
      }),
    },
    steps: { ...steps, rank: rankingStep(network, main, text, cases, options.excluded) },
    runEagerly: options.runEagerly ?? false,
    ownsVariables: true,
  });

  return {
    program,
    train(batch, { seed, isActing, isSwapped }) {
      const phase: Phase = isActing && hasOwnActor ? 'acting' : 'warmUp';
      const learner: Learner = isSwapped && pairs.second !== undefined ? 'second' : 'main';
      const given = {
        ...batch,
        seed,
        ...(objective.hasWarmUp && { isActing: Float32Array.of(isActing ? 1 : 0) }),
      } as Record<string, TensorValues>;
      const outputs = program.run(stepNames[phase][learner], given);
      return {
        loss: outputs.loss![0]!,
        supervised: outputs.supervised![0]!,
        reinforcement: outputs.reinforcement![0]!,
      };
    },
    ranker: {
      cases,
      window: network.shape.window,
      items: network.shape.items,
      excluded: options.excluded,
      count({ excluded, ...input }) {
        const fed = options.excluded === 0 ? input : { ...input, excluded };
        const { ahead, excludedAhead, scores } = program.run('rank', fed);
        return {
          ahead: ahead as Int32Array,
          excludedAhead: (excludedAhead ?? new Int32Array(0)) as Int32Array,
          scores: scores as Float32Array,
        };
      },
    },
    dispose: () => program.dispose(),
  };
}

/** The network that learns in a step; `second` does in preset `paper` alone. */
type Learner = 'main' | 'second';
/** `acting` has steps of its own where an optimiser of its own takes over after the warm-up. */
type Phase = 'warmUp' | 'acting';

const stepNames: Readonly<Record<Phase, Readonly<Record<Learner, string>>>> = {
  warmUp: { main: 'train', second: 'train-second' },
  acting: { main: 'act', second: 'act-second' },
};

/** Begin the names of the optimisers' variables in checkpoints. */
const optimiserNames: typeof stepNames = {
  warmUp: { main: 'adam', second: 'adam-second' },
  acting: { main: 'adam-acting', second: 'adam-acting-second' },
};

/** Two copies of a network: one learns, the other judges. */
export interface NetworkPair {
  readonly main: Readonly<Record<string, tf.Variable>>;
  readonly target: Readonly<Record<string, tf.Variable>>;
}

/**
 * Targets without gradient, then the loss and its gradients by the variables' TF.js names.
 *
 * @param tensors the batch's arrays, `seed`, and `isActing` where the objective has a warm-up
 * @param texts vectors of the items' texts, `[items, dimension]`, and how many items have a training action, for a
 *   network that uses them
 */
export function lossAndGradients(
  model: ResolvedModel,
  network: Network,
  layout: BatchLayout,
  { main, target }: NetworkPair,
  tensors: Readonly<Record<string, tf.Tensor>>,
  texts?: { readonly vectors: tf.Tensor2D; readonly warmItems: number },
): { losses: Record<keyof StepLosses, tf.Tensor>; gradients: tf.NamedTensorMap } {
  const batch = tensors as BatchTensors;
  const objective = objectives[model.objective];
  const design = layout.kind === 'lines' ? lines : prefixes;
  const places = completePlaces(tensors, layout);
  const seeds = new SeedStream(tensors.seed as tf.Tensor1D);
  const drop: Dropout = (x) => (model.dropout === 0 ? x : dropout(x, model.dropout, seeds.next()));
  // The published code draws dropout masks for its targets too.
  const inTargets: Dropout = model.preset === 'paper' ? drop : (x) => x;
  const targets = objective.computeTarget(
    places,
    design.bootstrap(
      network,
      {
        main: completeTables(main, texts?.vectors),
        target: completeTables(target, texts?.vectors),
      },
      batch,
      inTargets,
    ),
    model,
  );
  // Automatic differentiation disposes of everything but the loss; what is kept is handed on below.
  const kept: tf.Tensor[] = [];
  const { value: loss, grads } = tf.variableGrads(() => {
    const parameters = completeTables(main, texts?.vectors);
    const states = design.encode(network, parameters, batch, drop);
    const values = actionValues(parameters, states, batch);
    const decided = objective.computeLoss(places, values, targets, model);
    const { total, supervised, reinforcement } = batchLoss(
      model,
      parameters,
      states,
      batch,
      decided,
      texts?.warmItems,
    );
    kept.push(tf.keep(tf.clone(supervised)), tf.keep(tf.clone(reinforcement)));
    return total;
  }, Object.values(main));
  const [supervised, reinforcement] = kept.map((part) => tf.clone(part)) as [tf.Tensor, tf.Tensor];
  tf.dispose(kept);
  return { losses: { loss, supervised, reinforcement }, gradients: grads };
}

/** Full ranking as a step: scores never leave the session. */
function rankingStep(
  network: Network,
  variables: Parameters,
  text: TextVariables | undefined,
  cases: number,
  excluded: number,
): Steps[string] {
  const int = (...shape: number[]) => ({ shape, dtype: 'int32' }) as const;
  return step({
    inputs: {
      items: int(cases, network.shape.window),
      lengths: int(cases),
      targets: int(cases),
      ...(excluded > 0 && { excluded: int(cases, excluded) }),
    } as Record<string, TensorSpec>,
    run: (tensors: Record<string, tf.Tensor>) => {
      const parameters = completeTables(variables, text?.vectors);
      const scores = scoreItems(
        { ...network, parameters },
        tensors.items as tf.Tensor2D,
        tensors.lengths as tf.Tensor1D,
      );
      const counts = countAhead(
        scores,
        tensors.targets as tf.Tensor1D,
        tensors.excluded as tf.Tensor2D | undefined,
      );
      return {
        ahead: counts.ahead,
        scores: counts.scores,
        ...(counts.excludedAhead !== undefined && { excludedAhead: counts.excludedAhead }),
      } as Record<string, tf.Tensor>;
    },
  });
}

/** Begins the names of variables that no step changes; they are made anew, not kept in checkpoints. */
export const givenPrefix = 'given/';

/** Variables, so that all steps share one copy. */
function textVariables(network: Network, text: TextInput | undefined): TextVariables | undefined {
  if (network.text === undefined || text === undefined) return undefined;
  const { items } = network.shape;
  const constant = (values: Float32Array, width: number) =>
    tf.variable(tf.tensor2d(values, [items, width]), false);
  return {
    vectors: constant(text.vectors, network.text.dimension),
    hasAction: constant(
      Float32Array.from(text.counts, (count) => (count > 0 ? 1 : 0)),
      1,
    ),
    warmItems: text.counts.findLastIndex((count) => count > 0) + 1,
  };
}

/** Moves the target network a share of the way to the main one (Polyak averaging). */
function follow(target: NetworkPair['target'], main: NetworkPair['main'], rate: number): void {
  for (const [name, variable] of Object.entries(target)) {
    variable.assign(tf.add(variable, tf.mul(tf.sub(main[name]!, variable), rate)));
  }
}

/** The objectives' view of a batch; what the layout does not have is zero. */
function completePlaces(tensors: Readonly<Record<string, tf.Tensor>>, layout: BatchLayout): Places {
  const batch = tensors as BatchTensors;
  const given = (name: keyof BatchTensors) =>
    (batch[name] ?? tf.zeros([layout.places])) as tf.Tensor1D;
  return {
    weights: tensorOf(batch, 'weights'),
    rewards: given('rewards'),
    continues: given('continues'),
    negativeRewards: (batch.negativeRewards ?? tf.zeros([layout.places, 1])) as tf.Tensor2D,
    augmentedWeights: given('augmentedWeights'),
    augmentedRewards: given('augmentedRewards'),
    historyShares: given('historyShares'),
    propensities: given('propensities'),
    isActing: (tensors.isActing ?? tf.scalar(0)) as tf.Scalar,
  };
}

/** Names in checkpoints: network or optimiser, then parameter. */
function named(
  networks: Readonly<Record<Learner, Readonly<Record<string, tf.Variable>>>>,
  optimisers: readonly Adam[],
): Record<string, tf.Variable> {
  const variables: Record<string, tf.Variable> = {};
  for (const [network, parameters] of entriesOf(networks)) {
    for (const [name, variable] of Object.entries(parameters)) {
      variables[`${network}/${name}`] = variable;
    }
  }
  return Object.assign(variables, ...optimisers.map((optimiser) => optimiser.variables));
}

function entriesOf<Name extends string, Value>(
  table: Partial<Record<Name, Value>>,
): [Name, Value][] {
  return Object.entries(table) as [Name, Value][];
}
