import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { type SequencesConfig, sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { type PipelineConfig, parseConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { armControls } from '../arms.ts';
import { type ExperimentOptions, experimentOptions } from '../options.ts';

/** A study's file: one data set, one pipeline configuration, and the settings of its environment that are varied. */
const studyFile = z.strictObject({
  /** JSON lines as teams upload them, gzipped if the name ends in `.gz`; relative to the study's file, as all paths. */
  interactions: z.string().min(1),
  items: z.string().min(1),
  /** Folder with one Hugging Face folder for each `environment.baseModel`. */
  baseModels: z.string().min(1),
  /**
   * A pipeline configuration. The first of `training.models` without `lea` is what the models with `lea` are compared
   * with; all of them are trained in every cell. Without any model with `lea`, environments are fitted and nothing else.
   */
  pipeline: z.record(z.string(), z.unknown()),
  /** Values by key of config section `environment`, such as `"adapter.layers": [1, 2]`; every combination is a cell. */
  vary: z.record(z.string(), z.array(z.unknown()).min(1)),
  /** Recommenders are trained with the seeds 1 to this. */
  seeds: z.int().min(1).max(100).default(1),
  /** Models with `lea` are trained on these replacements of each environment's answers too. */
  controls: z
    .array(z.enum(armControls))
    .refine((names) => new Set(names).size === names.length, 'each control once')
    .default([]),
  /** Vectors of the items' texts (`item-vectors.arrow` of `lea vectors`), for models with `text`. */
  vectors: z.string().min(1).optional(),
  /** The comparison that the study is made for: `model` reads an environment as `model+layers=2, ...`. */
  primary: experimentOptions.shape.primary,
});

/** One environment of the grid. */
export interface StudyCell {
  /** `layers=2, subsetFraction=0.3`. */
  readonly name: string;
  readonly varied: Readonly<Record<string, unknown>>;
  readonly config: PipelineConfig;
}

export interface StudyPlan {
  readonly file: string;
  readonly cells: readonly StudyCell[];
  /** The experiment that the study is; recommenders that need no environment come first, and the first is the reference. */
  readonly experiment: Omit<ExperimentOptions, 'out'>;
}

/**
 * Reads and checks a study's file.
 *
 * @param split in place of the pipeline configuration's `sequences.split`
 * @throws ConfigError that names what is wrong, before any work is done
 */
export function readStudy(path: string, split?: string): StudyPlan {
  const file = check(path);
  if (split !== undefined) put(file.pipeline, ['sequences', 'split'], splitNamed(split));
  const cells = combinations(file.vary).map((varied): StudyCell => {
    const pairs = Object.entries(varied);
    const name = pairs.map(([key, value]) => `${key}=${text(value)}`).join(', ') || 'environment';
    const pipeline = structuredClone(file.pipeline);
    for (const [key, value] of pairs) put(pipeline, ['environment', ...key.split('.')], value);
    return { name, varied, config: parseConfig(pipeline, `${path} (${name})`) };
  });
  const { interactions, sequences, training } = cells[0]!.config;
  const { models, ...shared } = training;
  const plain = models.filter((model) => !readsEnvironment(model));
  const augmented = models.filter(readsEnvironment);
  if (plain.length === 0) {
    throw new ConfigError(
      `${path}: pipeline.training.models needs a model without "lea", to compare those with "lea" with.`,
    );
  }
  const textual = models.find((model) => model.text !== undefined);
  if (textual !== undefined && file.vectors === undefined) {
    throw new ConfigError(
      `${path}: model "${textual.name}" uses its items' texts: give "vectors" too (\`lea vectors\` makes them).`,
    );
  }
  const beside = (name: string) => resolve(dirname(path), name);
  const { split: held, window, excludeHistory, ...others } = sequences;
  const { minimumUserInteractions, minimumItemInteractions } = sequences;
  return {
    file: path,
    cells,
    experiment: {
      ...{ format: 'interactions', split: held, window, excludeHistory },
      ...{ minimumUserInteractions, minimumItemInteractions, sequences: others },
      interactions: beside(file.interactions),
      items: beside(file.items),
      baseModels: beside(file.baseModels),
      vectors: file.vectors && beside(file.vectors),
      reading: interactions,
      training: shared,
      // Where nobody asks an environment it is fitted and nothing else.
      models: augmented.length === 0 ? [] : [...plain, ...augmented],
      environments: Object.fromEntries(cells.map(({ name, config }) => [name, config.environment])),
      controls: file.controls,
      seeds: file.seeds,
      primary: file.primary,
    },
  };
}

/** A name for a folder that holds what was made from exactly these values. */
export function folderName(name: string, ...values: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(values)).digest('hex');
  return `${name.replaceAll(/[^A-Za-z0-9.]+/g, '-')}-${hash.slice(0, 8)}`;
}

function splitNamed(split: string): SequencesConfig['split'] {
  const result = sequencesConfig.shape.split.safeParse(split);
  if (result.success) return result.data;
  throw new ConfigError(`--split ${split}: ${explain(result.error)}`);
}

function check(path: string): z.output<typeof studyFile> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
  const result = studyFile.safeParse(value);
  if (!result.success) throw new ConfigError(`${path} is not a study:\n${explain(result.error)}`);
  return result.data;
}

/** Every choice of one value a key; the first key varies slowest. */
function combinations(vary: Readonly<Record<string, readonly unknown[]>>) {
  return Object.entries(vary).reduce<Record<string, unknown>[]>(
    (chosen, [key, values]) =>
      chosen.flatMap((before) => values.map((value) => ({ ...before, [key]: value }))),
    [{}],
  );
}

/** Sets `object[first][second]...`; sections that are not there are made. */
function put(object: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    object[key] = value;
    return;
  }
  const inner = object[key];
  const section = typeof inner === 'object' && inner !== null ? inner : {};
  object[key] = section;
  put(section as Record<string, unknown>, rest, value);
}

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
