import * as z from 'zod';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import {
  modelConfig,
  type ResolvedModel,
  trainingSettings,
} from '#lib/contracts/config/training.ts';
import { explain } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { fileFormats } from '../data/interaction-file.ts';

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
  /** `backbone:objective`, with settings of its own as `backbone:objective:dimension=128:dropout=0.5`. */
  models: z.array(z.string().min(1)).min(1),
  /** Compare with the rivals of every night, whose counts are read then; without it with baselines that know no time. */
  rivals: z.enum(['request', 'night', 'frozen']).optional(),
  /** Vectors of the items' texts (`item-vectors.arrow`), for models with `text`. */
  vectors: z.string().min(1).optional(),
  /** Every model is trained with the seeds 1 to this. */
  seeds: z.int().min(1).max(1000).default(1),
  /** Settings of all models (config section `training` without `models`). */
  training: trainingSettings.prefault({}),
});

export type ExperimentOptions = z.input<typeof experimentOptions>;

/** One model with one seed. */
export interface Cell {
  /** As it was asked for. */
  readonly name: string;
  readonly seed: number;
  readonly model: ResolvedModel;
  /** Name of the cell's files. */
  readonly file: string;
}

/**
 * Checks options and lists the grid's cells, seeds innermost.
 *
 * @throws ConfigError naming each wrong or unknown option, model or setting
 */
export function planExperiment(options: ExperimentOptions): {
  readonly options: z.output<typeof experimentOptions>;
  readonly cells: readonly Cell[];
} {
  const parsed = experimentOptions.safeParse(options);
  if (!parsed.success) {
    throw new ConfigError(`The experiment is not valid:\n${explain(parsed.error)}`);
  }
  const { models, seeds, training } = parsed.data;
  const twice = models.find((name, index) => models.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`Model ${twice} is asked for twice.`);
  const cells = models.flatMap((name) =>
    Array.from({ length: seeds }, (_, index): Cell => {
      const seed = index + 1;
      const model = { ...resolveModel(training, parseModel(name)), seed };
      const slug = name.replaceAll(/[^A-Za-z0-9.-]+/g, '-');
      return { name, seed, model, file: `${slug}-seed-${seed}` };
    }),
  );
  return { options: parsed.data, cells };
}

/** `sasrec:supervised:dropout=0.5` -> a checked entry of `training.models`. */
function parseModel(name: string) {
  // Not within braces: a setting may be JSON.
  const [backbone, objective, ...settings] = name.split(/:(?![^{]*\})/);
  const own = Object.fromEntries(
    settings.map((setting) => {
      const [key = '', ...value] = setting.split('=');
      return [key, parseValue(value.join('='))];
    }),
  );
  const result = modelConfig.safeParse({ name: 'model', backbone, objective, ...own });
  if (!result.success) {
    throw new ConfigError(
      `Model ${name} is not valid (expected backbone:objective[:setting=value ...]):\n${explain(result.error)}`,
    );
  }
  if (result.data.lea !== undefined) {
    throw new ConfigError(
      `Model ${name}: an experiment has no environment, so "lea" is not for it.`,
    );
  }
  return result.data;
}

/** Numbers, `null`, `true`, `[0,10]`; anything else is text. */
export function parseValue(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
