import { Adam, isMoment } from '#lib/graph/adam.ts';
import { compile } from '#lib/graph/compile.ts';
import { follow } from '#lib/graph/follow.ts';
import { type Program, type Steps, step } from '#lib/graph/program.ts';
import type { TensorSpec, TensorValues } from '#lib/graph/specification.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { codedCases, countAheadByCodes, statesStep } from './coded-ranking.ts';
import { codedHead } from './coded-scores.ts';
import { rankingCases } from './count-ahead.ts';
import { type Batch, batchSpecs } from './data/batch.ts';
import type { BatchLayout } from './data/layout.ts';
import { lossAndGradients, type NetworkPair, type StepLosses } from './loss-and-gradients.ts';
import { blankVariables, createVariables, type Network } from './network.ts';
import { objectives } from './objectives/index.ts';
import { initialise, initialiseInto } from './parameters.ts';
import type { Ranker } from './ranking.ts';
import { rankingStep } from './ranking-step.ts';
import { boundDifferences, type TextInput, textVariables } from './text-table.ts';

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

/**
 * Builds and compiles a model.
 *
 * @param options.excluded places for items to leave out of a case's list
 * @param options.codes of the items, `[items, codebooks]`, for a network whose vectors are made of parts
 * @param options.runEagerly execute operation by operation, the reference that the compiled graph is checked against
 */
export function createTrainingProgram(options: {
  readonly network: Network;
  readonly layout: BatchLayout;
  readonly excluded: number;
  readonly runEagerly?: boolean;
  readonly text?: TextInput | undefined;
  readonly codes?: Uint8Array | undefined;
}): TrainingProgram {
  const { network, layout } = options;
  const { model } = layout;
  const objective = objectives[model.objective];
  const isPaper = model.preset === 'paper';
  const runEagerly = options.runEagerly ?? false;
  // `sound`: a copy that follows slowly. `paper`: a network of its own, of which either may be the one that learns.
  const draws = { main: 'first', second: isPaper ? 'second' : 'first' };
  // A graph is given what parameters begin with when it is there; for recording it, any values will do.
  const create = (learner: Learner) =>
    runEagerly
      ? createVariables(learner, initialise(network.specs, model.seed, draws[learner]))
      : blankVariables(learner, network.specs);
  const main = create('main');
  const second = objective.usesNextState ? create('second') : {};
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
  const codes = codesVariable(network, options.codes);
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
            network,
            layout,
            pair,
            tensors,
            text,
            codes,
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
  const ranking =
    codes === undefined
      ? {
          cases: rankingCases(network.shape.items),
          step: (cases: number) =>
            rankingStep(network, main, text?.vectors, cases, options.excluded),
        }
      : { cases: codedCases, step: (cases: number) => statesStep(network, main, codes, cases) };
  const { cases } = ranking;
  const variables = {
    ...named({ main, second }, optimisers),
    ...(text && {
      [`${givenPrefix}vectors`]: text.vectors as tf.Variable,
      [`${givenPrefix}has-action`]: text.hasAction as tf.Variable,
    }),
    ...(codes && { [`${givenPrefix}codes`]: codes as tf.Variable }),
  };
  const initial = initialValues(variables, network, model.seed, draws);
  const program: Program = compile({
    variables,
    steps: { ...steps, rank: ranking.step(cases) },
    runEagerly,
    ownsVariables: true,
    initial: initial.values,
  });
  initial.release();

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
      shape: network.shape,
      count({ excluded, ...input }) {
        if (options.codes !== undefined) {
          const { targets, ...histories } = input;
          const states = program.run('rank', histories).states as Float32Array; // [cases, state]
          const head = codedHead(options.codes, network.shape.items, (name) => {
            const variable = `main/${name}`;
            const spec = program.variables[variable];
            if (spec === undefined) return undefined;
            const values = program.readVariables([variable])[variable] as Float32Array;
            return { shape: spec.shape, values };
          });
          return countAheadByCodes(head, states, targets, excluded, options.excluded);
        }
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

/** What parameters of both networks and moments begin with, by variable, one after the other in the same memory. */
function initialValues(
  variables: Readonly<Record<string, tf.Variable>>,
  { specs }: Network,
  seed: number,
  draws: Readonly<Record<string, string>>,
): { readonly values: ReadonlyMap<string, () => Float32Array>; release(): void } {
  let memory = new Float32Array(0);
  const ofSize = (size: number) => {
    if (memory.length < size) memory = new Float32Array(size);
    return memory.subarray(0, size);
  };
  const specOf = new Map(specs.map((spec) => [spec.name, spec]));
  const initial = new Map<string, () => Float32Array>();
  for (const [variable, { size }] of Object.entries(variables)) {
    const [network = '', ...name] = variable.split('/');
    const draw = draws[network];
    const spec = specOf.get(name.join('/'));
    if (draw !== undefined && spec !== undefined) {
      initial.set(variable, () => {
        const values = ofSize(size);
        initialiseInto(values, spec, seed, draw);
        return values;
      });
    } else if (isMoment(variable)) initial.set(variable, () => ofSize(size).fill(0));
  }
  // As large as a table: not left until the next time that garbage is collected.
  return { values: initial, release: () => void memory.buffer.transfer(0) };
}

/** @returns undefined for a network whose items have vectors of their own */
function codesVariable(
  { itemCodes, shape }: Network,
  codes: Uint8Array | undefined,
): tf.Variable<tf.Rank.R2> | undefined {
  if (itemCodes === undefined || codes === undefined) return undefined;
  const size: [number, number] = [shape.items, itemCodes.codebooks];
  const tensor = tf.tensor2d(Int32Array.from(codes), size, 'int32');
  const variable = tf.variable(tensor, false);
  tensor.dispose();
  return variable;
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

/** Begins the names of variables that no step changes; they are made anew, not kept in checkpoints. */
export const givenPrefix = 'given/';

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
