import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import {
  modelConfig,
  type ResolvedModel,
  trainingSettings,
} from '#lib/contracts/config/training.ts';
import { ConfigError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';

/** SageMaker's folders; `ML_ROOT` replaces `/opt/ml` where the container runs as a plain process. */
export interface Folders {
  readonly root: string;
  readonly model: string;
  readonly checkpoints: string;
  readonly failure: string;
  /** Folder of an input channel, whether it exists or not. */
  channel(name: string): string;
}

/** The folders of this process. */
export function folders(root: string = process.env.ML_ROOT ?? '/opt/ml'): Folders {
  return {
    root,
    model: join(root, 'model'),
    checkpoints: join(root, 'checkpoints'),
    failure: join(root, 'output/failure'),
    channel: (name) => join(root, 'input/data', name),
  };
}

/** What a job was started with. */
export type Job = { readonly run: string } & (
  | ({ readonly task: 'train' | 'refit' } & TrainedJob)
  | { readonly task: 'score' }
);

interface TrainedJob {
  readonly model: ResolvedModel;
  /** What the model is made by (lib/contracts/recipe.ts). */
  readonly recipe: string;
}

/** Everything that a job is told; docs/contracts.md names the same. */
export const hyperparameters = z.strictObject({
  task: z.enum(['train', 'refit', 'score']),
  run: z.string().min(1),
  model: z.string().optional(),
  training: z.string().optional(),
  recipe: z.string().min(1).optional(),
});

/**
 * Reads `input/config/hyperparameters.json`, whose values SageMaker passes as strings (docs/contracts.md, 6).
 *
 * @throws ConfigError naming each missing, unknown or wrong hyperparameter
 */
export function readJob(root: string): Job {
  const path = join(root, 'input/config/hyperparameters.json');
  const raw = check(hyperparameters, parse(readText(path), path), path);
  if (raw.task === 'score') return { task: 'score', run: raw.run };
  const model = decode(modelConfig, 'model', raw.model);
  const training = decode(trainingSettings, 'training', raw.training);
  if (raw.recipe === undefined) throw missing('recipe');
  const { task, run, recipe } = raw;
  return { task, run, model: resolveModel(training, model), recipe };
}

function decode<Schema extends z.ZodType>(
  schema: Schema,
  name: string,
  text: string | undefined,
): z.output<Schema> {
  const where = `Hyperparameter ${name}`;
  if (text === undefined) throw missing(name);
  return check(schema, parse(text, where), where);
}

function missing(name: string): ConfigError {
  return new ConfigError(`Hyperparameter ${name} is missing; the task needs it.`);
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw new ConfigError(`${where} is not valid:\n${explain(result.error)}`);
  return result.data;
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MissingArtefactError(`${path} is missing: start the job with hyperparameters.`, {
      cause,
    });
  }
}

/** Prints one line of `key=value` pairs; `progress` is the share (0-1) of the stage that is done. */
export function reportProgress(
  stage: string,
  progress: number,
  values: Readonly<Record<string, number | string | undefined>> = {},
): void {
  const pairs = Object.entries({
    stage,
    progress: Math.min(1, Math.max(0, progress)).toFixed(3),
    ...values,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'number' ? brief(value) : value}`);
  process.stdout.write(`${pairs.join(' ')}\n`);
}

const brief = (value: number) =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));

/** Writes the failure file, of which SageMaker shows 1,024 characters, and prints the reason. */
export function writeFailure(target: Folders, reason: string): void {
  mkdirSync(dirname(target.failure), { recursive: true });
  writeFileSync(target.failure, reason.slice(0, 1024));
  process.stderr.write(`${reason}\n`);
}
