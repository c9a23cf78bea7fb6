import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { ContractError, PipelineError } from '#lib/contracts/errors.ts';
import { inGroups, type TensorValues } from '#lib/graph/specification.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import {
  type CheckpointState,
  type EpochRecord,
  type StoredVariables,
  startState,
} from './checkpoint.ts';
import type { AsyncBatchSource } from './data/threaded-source.ts';
import { itemCodes } from './item-table.ts';
import { type Network, servedSpecs } from './network.ts';
import { sizeOf, type Weights } from './parameters.ts';
import { randomStream, shuffle } from './random.ts';
import { metricsAt, rankCases } from './ranking.ts';
import { givenPrefix, type TrainingProgram } from './training-program.ts';
import type { FittedParameters, TrainingHooks, TrainingTask } from './training-task.ts';
import { beginWarm } from './warm-start.ts';

/** One run through the epochs; `state` is all that a checkpoint holds besides the variables. */
export class TrainingRun {
  state: CheckpointState;
  readonly #task: TrainingTask;
  readonly #network: Network;
  readonly #source: AsyncBatchSource;
  readonly #program: TrainingProgram;
  readonly #hooks: TrainingHooks;
  readonly #validationOrder: Int32Array;
  readonly #begun = performance.now();
  readonly #stepsBefore: number;
  #targets = 0;
  #lastReport = performance.now();
  #lastCheckpoint = performance.now();

  constructor(
    task: TrainingTask,
    network: Network,
    source: AsyncBatchSource,
    program: TrainingProgram,
    hooks: TrainingHooks,
  ) {
    this.#task = task;
    this.#network = network;
    this.#source = source;
    this.#program = program;
    this.#hooks = hooks;
    this.#validationOrder = sampleCases(task.validation, task.model);
    this.state = hooks.resumeFrom ?? startState();
    this.#stepsBefore = this.state.step;
    if (task.from !== undefined && hooks.resumeFrom === undefined) begin(program, task.from);
    if (task.warm !== undefined && hooks.resumeFrom === undefined) {
      beginWarm(program, network.specs, task.warm);
      this.#judgeBeginning();
    }
    const { variables } = this.state;
    for (const name of Object.keys(variables?.specs ?? {})) {
      program.program.writeVariables({ [name]: variables!.read(name) });
    }
  }

  /** @returns true if it was stopped from outside */
  async toTheEnd(): Promise<boolean> {
    const { maximumEpochs, ...model } = this.#task.model;
    const patience = this.#task.warm === undefined ? model.patience : model.warmPatience;
    while (this.state.epoch < maximumEpochs) {
      const isPatient = this.state.epoch - this.state.bestEpoch < patience;
      if (!isPatient && this.state.best !== undefined && this.#task.from === undefined) break;
      const wasStopped = await this.#epoch();
      if (wasStopped) {
        this.#checkpoint();
        return true;
      }
    }
    // What follows, ranking, need not be waited for when somebody stops it.
    if (this.state.step > this.#stepsBefore) this.#checkpoint();
    return false;
  }

  /** Trains from the state's batch to the end of its epoch, then judges. */
  async #epoch(): Promise<boolean> {
    const { model } = this.#task;
    const number = this.state.epoch + 1;
    const steps = await this.#source.steps(number);
    while (this.state.batch < steps) {
      if (this.#hooks.shouldStop?.() === true) return true;
      const batch = await this.#source.assemble(number, this.state.batch);
      const step = this.state.step + 1;
      const losses = this.#program.train(batch, {
        seed: Int32Array.of(model.seed, step),
        isActing: step > warmUpSteps(model, steps),
        isSwapped: randomStream(model.seed, 'swap', step).uniform() < 0.5,
      });
      if (!Number.isFinite(losses.loss)) throw this.#diverged(step, losses.loss);
      const targets = batch.weights!.reduce((sum, weight) => sum + weight, 0);
      this.#targets += targets;
      this.state = {
        ...this.state,
        step,
        batch: this.state.batch + 1,
        lossSum: this.state.lossSum + losses.loss * targets,
        targetSum: this.state.targetSum + targets,
      };
      this.#report(steps, false);
      // Lets signals and timers in; the steps themselves are synchronous.
      await yieldToEvents();
    }
    this.#judge(number);
    this.#report(steps, true);
    const seconds = this.#hooks.checkpointSeconds ?? 30;
    if (performance.now() - this.#lastCheckpoint > seconds * 1000) this.#checkpoint();
    return this.#hooks.shouldStop?.() === true;
  }

  /** Validation after an epoch; the best weights so far are kept. */
  #judge(epoch: number): void {
    const ranks = rankCases(this.#program.ranker, this.#task.validation, this.#validationOrder);
    const { hr, ndcg } = metricsAt(ranks, 10);
    const isBest =
      ndcg > this.state.bestNdcg || this.state.best === undefined || this.#task.from !== undefined;
    const record: EpochRecord = {
      epoch,
      step: this.state.step,
      loss: this.state.lossSum / Math.max(1, this.state.targetSum),
      'validation_hr@10': hr,
      'validation_ndcg@10': ndcg,
    };
    this.state = {
      ...this.state,
      epoch,
      batch: 0,
      lossSum: 0,
      targetSum: 0,
      curve: [...this.state.curve, record],
      ...(isBest && {
        bestEpoch: epoch,
        bestNdcg: ndcg,
        best: this.#readParameters(),
      }),
    };
  }

  /** Judges an earlier model as it comes: what is no better than that is not worth its epochs. */
  #judgeBeginning(): void {
    const ranks = rankCases(this.#program.ranker, this.#task.validation, this.#validationOrder);
    this.state = {
      ...this.state,
      bestNdcg: metricsAt(ranks, 10).ndcg,
      best: this.#readParameters(),
    };
  }

  #readParameters(): Record<string, Float32Array> {
    const names = this.#network.specs.map(({ name }) => `main/${name}`);
    return this.#program.program.readVariables(names) as Record<string, Float32Array>;
  }

  bestWeights(): Map<string, Weights<Float32Array>> {
    const parameters = this.bestParameters();
    return new Map(
      servedSpecs(this.#network).map(({ name, shape }) => [
        name,
        { shape, values: parameters.get(name)! },
      ]),
    );
  }

  bestParameters(): Map<string, Float32Array> {
    const { best } = this.state;
    const values = (name: string) => {
      if (best !== undefined) return best[`main/${name}`]!;
      return this.#program.program.readVariables([`main/${name}`])[`main/${name}`] as Float32Array;
    };
    return new Map(this.#network.specs.map(({ name }) => [name, values(name)]));
  }

  #checkpoint(): void {
    const { saveCheckpoint } = this.#hooks;
    if (saveCheckpoint === undefined) return;
    saveCheckpoint({ ...this.state, variables: storedVariables(this.#program) });
    this.#lastCheckpoint = performance.now();
  }

  #report(batches: number, isEpochEnd: boolean): void {
    const now = performance.now();
    if (!isEpochEnd && now - this.#lastReport < 5000) return;
    this.#lastReport = now;
    const { maximumEpochs } = this.#task.model;
    const seconds = (now - this.#begun) / 1000;
    const done = this.state.epoch + this.state.batch / Math.max(1, batches);
    const steps = Math.max(1, this.state.step - this.#stepsBefore);
    const last = this.state.curve.at(-1);
    this.#hooks.onProgress?.({
      progress: done / maximumEpochs,
      epoch: isEpochEnd ? this.state.epoch : this.state.epoch + 1,
      loss: isEpochEnd ? last!.loss : this.state.lossSum / Math.max(1, this.state.targetSum),
      validationNdcg: last?.['validation_ndcg@10'],
      secondsLeft: (maximumEpochs - done) * batches * (seconds / steps),
      targetsPerSecond: this.#targets / seconds,
    });
  }

  /** Names the step and the first tensor that is not finite. */
  #diverged(step: number, loss: number): PipelineError {
    const { specs, read } = storedVariables(this.#program);
    const wrong = Object.keys(specs).find((name) =>
      (read(name) as Float32Array).some((value) => !Number.isFinite(value)),
    );
    return new PipelineError(
      'TrainingDiverged',
      `Training of ${this.#task.model.name} diverged at step ${step}: the loss is ${loss}${wrong === undefined ? '' : ` and the tensor "${wrong}" is not finite`}. Lower learningRate or reinforcementWeight.`,
      { details: { step, tensor: wrong ?? 'loss' } },
    );
  }
}

/**
 * Puts fitted parameters in place of the initial ones, in both networks: the second one is a copy that follows.
 *
 * @throws ContractError if they are not those of the network
 */
function begin({ program }: TrainingProgram, { parameters }: FittedParameters): void {
  const own = Object.keys(program.variables).filter((name) => /^(main|second)\//.test(name));
  const nameOf = (variable: string) => variable.replace(/^(main|second)\//, '');
  const missing = own.find((name) => !parameters.has(nameOf(name)));
  const unknown = [...parameters.keys()].find(
    (name) => !own.includes(`main/${name}`) && name !== itemCodes,
  );
  if (missing !== undefined || unknown !== undefined) {
    throw new ContractError(
      `The parameters to fit on are not those of the model: ${missing === undefined ? `it has no "${unknown}"` : `"${nameOf(missing)}" is missing`}.`,
    );
  }
  program.writeVariables(
    Object.fromEntries(own.map((name) => [name, parameters.get(nameOf(name))!])),
  );
}

/** The program's variables as a checkpoint takes them, one after the other. */
function storedVariables({ program }: TrainingProgram): StoredVariables {
  const specs = Object.fromEntries(
    Object.entries(program.variables).filter(([name]) => !name.startsWith(givenPrefix)),
  );
  const groups = inGroups(specs);
  let read: Record<string, TensorValues> = {};
  return {
    specs: Object.fromEntries(
      Object.entries(specs).map(([name, { dtype, shape }]) => [
        name,
        { dtype, length: sizeOf(shape) },
      ]),
    ),
    read(name) {
      if (!(name in read)) {
        read = program.readVariables(groups.find((group) => group.includes(name))!);
      }
      return read[name]!;
    },
  };
}

/** Steps before the actor begins. */
function warmUpSteps(model: ResolvedModel, stepsPerEpoch: number): number {
  return model.warmUpSteps ?? Math.round(model.warmUpEpochs * stepsPerEpoch);
}

/** A seeded sample of the validation cases, in their order. */
function sampleCases(cases: EvaluationCases, model: ResolvedModel): Int32Array {
  const all = Int32Array.from(cases.targets, (_, index) => index);
  if (all.length <= model.validationCases) return all;
  return shuffle(all, randomStream(model.seed, 'validation'))
    .slice(0, model.validationCases)
    .sort();
}
