import { createHash } from 'node:crypto';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { type AskedModel, isReinforced, learnedFrom } from './asked-models.ts';
import { type ControlName, controlNames, isControlled } from './environment-study/controls.ts';
import { drawTrials, type Tuned, withTrial } from './tuning.ts';

/**
 * What a model of a grid has to beat, besides rivals: itself without a part. Those of a study replace a part of an
 * environment's answers; the others concern any model.
 */
export const armControls = [
  ...controlNames,
  /** Reinforcement that looks no step ahead: nothing but a loss that is weighted by rewards. */
  'discount-0',
  /** Every item has another one's text, in its vector and for the environment, which is fitted anew. */
  'texts-permuted',
  /** The environment is fitted on a base model of the same shape and tokenizer with random weights. */
  'base-model-random',
] as const;

export type ArmControl = (typeof armControls)[number];

/** Those of them for which the environment itself is fitted otherwise. */
const environmentControls = ['texts-permuted', 'base-model-random'] as const;

export type EnvironmentControl = (typeof environmentControls)[number];

/** What a model learns from besides the log. */
interface LearnsFrom {
  /** Name of the environment that answers it. */
  readonly environment: string | undefined;
  readonly control: ArmControl | undefined;
}

/** One model with one seed. */
export interface Cell extends LearnsFrom {
  /** That of its arm. */
  readonly name: string;
  readonly seed: number;
  readonly model: ResolvedModel;
  /** Name of the cell's files. */
  readonly file: string;
}

/** A model of the grid before its seeds, with the trials of its tuning. */
export interface Arm extends LearnsFrom {
  readonly name: string;
  readonly model: ResolvedModel;
  /** All of seed 1; the first is the model as it was asked for. */
  readonly trials: readonly { readonly settings: Tuned; readonly cell: Cell }[];
  /** Of a control: the arm whose part it replaces. */
  readonly controls: string | undefined;
}

/**
 * The arms of a grid: every model that reads an environment with each of them (`model+environment`), each followed by the
 * controls of what it reads (`model+environment, control`).
 *
 * @throws ConfigError for a model without the environment that it reads, or a control of nothing
 */
export function armsOf(
  models: readonly AskedModel[],
  environments: readonly string[],
  controls: readonly ArmControl[],
  tune: number,
): Arm[] {
  const arms = models.flatMap(({ name, model, given }) => {
    const reads = readsEnvironment(model);
    if (reads && environments.length === 0) {
      throw new ConfigError(
        `Model ${name} has "lea": name what answers it in "environments" of the experiment's file, or copy actions of item neighbours ("lea":{"actions":"neighbours"}).`,
      );
    }
    return (reads ? environments : [undefined]).flatMap((environment) => {
      const full = environment === undefined ? name : `${name}+${environment}`;
      const own = { name: full, model, environment, control: undefined, controls: undefined };
      const all = [own, ...controls.flatMap((control) => controlOf(own, control) ?? [])];
      return all.map((arm): Arm => ({ ...arm, trials: trialsOf(arm, tune, given) }));
    });
  });
  const idle = controls.find((control) => arms.every((arm) => arm.control !== control));
  if (idle !== undefined) {
    throw new ConfigError(
      `Control "${idle}" replaces nothing that a model of the experiment reads.`,
    );
  }
  return arms;
}

/** As many for a control as for its model, and the same values. */
function trialsOf(
  { name, model, environment, control }: Omit<Arm, 'trials'>,
  tune: number,
  given: ReadonlySet<string>,
): Arm['trials'] {
  return drawTrials(tune, given).map((settings, trial) => ({
    settings,
    cell: {
      ...{ name, seed: 1, environment, control },
      model: { ...withTrial(model, settings), seed: 1 },
      file: `${fileName(name)}-trial-${trial + 1}`,
    },
  }));
}

function controlOf(arm: Omit<Arm, 'trials'>, control: ArmControl): Omit<Arm, 'trials'> | undefined {
  const { name, model, environment } = arm;
  const asks = environment !== undefined && learnedFrom(model).lea !== undefined;
  const replaced = { ...arm, name: `${name}, ${control}`, control, controls: name };
  switch (control) {
    case 'discount-0':
      return model.discount === 0 || !isReinforced(model)
        ? undefined
        : { ...replaced, model: { ...model, discount: 0 } };
    case 'texts-permuted':
      return model.text === undefined && !asks ? undefined : replaced;
    case 'base-model-random':
      return asks ? replaced : undefined;
    default:
      return environment !== undefined && isControlled(control, learnedFrom(model).lea)
        ? replaced
        : undefined;
  }
}

/** The control of a cell, if it is one of an environment's answers. */
export const answersControl = ({ control }: LearnsFrom): ControlName | undefined =>
  controlNames.find((name) => name === control);

/** The control of a cell, if it is one of how its environment is fitted. */
export const environmentControl = ({ control }: LearnsFrom): EnvironmentControl | undefined =>
  environmentControls.find((name) => name === control);

/** An arm with each seed, and with the settings that tuning chose for it. */
export function cellsOf(arm: Arm, seeds: number, tuned: Tuned = {}): Cell[] {
  const { name, model, environment, control } = arm;
  return Array.from({ length: seeds }, (_, index): Cell => {
    const seed = index + 1;
    return {
      ...{ name, seed, environment, control },
      model: { ...withTrial(model, tuned), seed },
      file: `${fileName(name)}-seed-${seed}`,
    };
  });
}

/** Two names never share a file, whatever signs they are told apart by. */
function fileName(name: string): string {
  const plain = name.replaceAll(/[:=+, ]+/g, '-');
  const slug = plain.replaceAll(/[^A-Za-z0-9.-]+/g, '-');
  if (slug === plain) return slug;
  return `${slug.slice(0, 120)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
