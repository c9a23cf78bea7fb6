import * as z from 'zod';
import { environmentConfig } from '#lib/contracts/config/environment.ts';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { trainingSettings } from '#lib/contracts/config/training.ts';
import { expectAnswered } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { fileFormats } from '../data/interaction-file.ts';
import { type Arm, armControls, armsOf, type Cell, cellsOf } from './arms.ts';
import { askedModels, modelGrid, modelsOf, type SameModel } from './asked-models.ts';

/** What an experiment runs on and what it compares. */
export const experimentOptions = z.strictObject({
  /** `sequences`: one user a line, `user item item ...` in time order. `interactions`: as teams upload them. */
  format: z.enum(fileFormats),
  /** The file, gzipped or not. */
  interactions: z.string().min(1),
  /** How interactions are read and what they count for. */
  reading: interactionsConfig.prefault({}),
  /** Folder of `results.json`; a folder with results of the same cells is gone on with. */
  out: z.string().min(1),
  split: sequencesConfig.shape.split,
  window: sequencesConfig.shape.window,
  /** k-core filter; data sets for experiments come filtered. */
  minimumUserInteractions: z.int().min(1).default(1),
  minimumItemInteractions: z.int().min(1).default(1),
  excludeHistory: sequencesConfig.shape.excludeHistory,
  /** Further settings of config section `sequences`, as `ties` or `baskets`. */
  sequences: z.record(z.string(), z.unknown()).default({}),
  /** Every backbone with every objective with every part: `backbone:objective:part`. */
  grid: modelGrid.optional(),
  /**
   * Models besides: `backbone:objective`, with settings of its own as `backbone:objective:dimension=128:dropout=0.5`, or an entry
   * of a pipeline's `training.models`.
   */
  models: askedModels,
  /** Compare with the rivals of every night, whose counts are read then; without it with baselines that know no time. */
  rivals: z.enum(['request', 'night', 'frozen']).optional(),
  /** Vectors of the items' texts (`item-vectors.arrow`), for models with `text`. */
  vectors: z.string().min(1).optional(),
  /** A catalogue, which environments read. */
  items: z.string().min(1).optional(),
  /** Folder with one Hugging Face folder for each `baseModel` of the environments. */
  baseModels: z.string().min(1).optional(),
  /**
   * The last day of the texts that the base model has read: what was first taken later is a stratum of its own, since it cannot
   * have been memorised. Not for sequences, which have no times.
   */
  baseModelDate: z.iso.date().optional(),
  /** By name, settings of config section `environment`: models with `lea` are trained with each of these. */
  environments: z
    .record(
      z.string().regex(/^[^|+\n]{1,128}$/, 'at most 128 characters, none of them | or +'),
      environmentConfig,
    )
    .default({}),
  /** What models have to beat: themselves with a part replaced, where they read it. */
  controls: z
    .array(z.enum(armControls))
    .refine((names) => new Set(names).size === names.length, 'each control once')
    .default([]),
  /** Every model is trained with the seeds 1 to this. */
  seeds: z.int().min(1).max(1000).default(1),
  /** Settings of all models (config section `training` without `models`). */
  training: trainingSettings.prefault({}),
  /** Trials of a random search before the grid, as many for every model and control, judged on validation; 0 tunes nothing. */
  tune: z.int().min(0).max(1000).default(0),
  /** Processes that train at the same time. */
  jobs: z.int().min(1).max(256).default(1),
  /** The comparison that the experiment is made for, decided before it is run: names of models or rivals. */
  primary: z
    .strictObject({
      model: z.string(),
      against: z.string(),
      metric: z.literal('ndcg@10').default('ndcg@10'),
    })
    .optional(),
});

/** The options with their defaults. */
export type ReadOptions = z.output<typeof experimentOptions>;

export type ExperimentOptions = z.input<typeof experimentOptions>;

/**
 * Checks options and lists the grid's cells, seeds innermost.
 *
 * @throws ConfigError naming each wrong or unknown option, model or setting
 */
export function planExperiment(options: ExperimentOptions): {
  readonly options: ReadOptions;
  readonly cells: readonly Cell[];
  readonly arms: readonly Arm[];
  /** Combinations of the grid that are left out, since they learn what another one does. */
  readonly same: readonly SameModel[];
} {
  const parsed = experimentOptions.safeParse(options);
  if (!parsed.success) {
    throw new ConfigError(`The experiment is not valid:\n${explain(parsed.error)}`);
  }
  const { models, grid, seeds, training, tune } = parsed.data;
  const { environments, controls, items, baseModels, vectors, primary } = parsed.data;
  const { asked, same } = modelsOf(models, grid, training);
  if (asked.length === 0 && Object.keys(environments).length === 0) {
    throw new ConfigError('The experiment has no model: give "models", "grid", or both.');
  }
  const textual = asked.find(({ model }) => model.text !== undefined);
  if (textual !== undefined && vectors === undefined) {
    throw new ConfigError(
      `Model ${textual.name} reads its items' texts: give "vectors" too (\`lea vectors\` makes them).`,
    );
  }
  if (Object.keys(environments).length > 0 && (items === undefined || baseModels === undefined)) {
    throw new ConfigError('Environments need "items", a catalogue, and "baseModels", a folder.');
  }
  if (parsed.data.baseModelDate !== undefined && parsed.data.format === 'sequences') {
    throw new ConfigError(
      '"baseModelDate" needs to know when items were first taken, and sequences have no times: leave it out, or give "format": "interactions".',
    );
  }
  const arms = armsOf(asked, Object.keys(environments), controls, tune);
  for (const { name, model, environment } of arms) {
    if (environment === undefined) continue;
    expectAnswered(model.lea!, environments[environment]!, `Model ${name}`);
  }
  const cells = arms.flatMap((arm) => cellsOf(arm, seeds));
  const names = arms.map(({ name }) => name);
  if (primary !== undefined && !names.includes(primary.model)) {
    throw new ConfigError(
      `primary names the model "${primary.model}", which is none of ${names.join(', ')}.`,
    );
  }
  return { options: parsed.data, cells, arms, same };
}
