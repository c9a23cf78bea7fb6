import * as z from 'zod';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import {
  modelConfig,
  type ResolvedModel,
  trainingSettings,
} from '#lib/contracts/config/training.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { fileFormats } from '../data/interaction-file.ts';
import { drawTrials, type Tuned, withTrial } from './tuning.ts';

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
  /** Trials of a random search before the grid, as many for every model, judged on validation; 0 tunes nothing. */
  tune: z.int().min(0).max(1000).default(0),
  /** The comparison that the experiment is made for, decided before it is run: names of models or rivals. */
  primary: z
    .strictObject({
      model: z.string(),
      against: z.string(),
      metric: z.literal('ndcg@10').default('ndcg@10'),
    })
    .optional(),
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

/** A model of the grid before its seeds, with the trials of its tuning. */
export interface Arm {
  readonly name: string;
  readonly model: ResolvedModel;
  /** All of seed 1; the first is the model as it was asked for. */
  readonly trials: readonly { readonly settings: Tuned; readonly cell: Cell }[];
}

const slugOf = (name: string) => name.replaceAll(/[^A-Za-z0-9.-]+/g, '-');

/** An arm with each seed, and with the settings that tuning chose for it. */
export function cellsOf({ name, model }: Arm, seeds: number, tuned: Tuned = {}): Cell[] {
  return Array.from({ length: seeds }, (_, index): Cell => {
    const seed = index + 1;
    return {
      name,
      seed,
      model: { ...withTrial(model, tuned), seed },
      file: `${slugOf(name)}-seed-${seed}`,
    };
  });
}

/**
 * Checks options and lists the grid's cells, seeds innermost.
 *
 * @throws ConfigError naming each wrong or unknown option, model or setting
 */
export function planExperiment(options: ExperimentOptions): {
  readonly options: z.output<typeof experimentOptions>;
  readonly cells: readonly Cell[];
  readonly arms: readonly Arm[];
} {
  const parsed = experimentOptions.safeParse(options);
  if (!parsed.success) {
    throw new ConfigError(`The experiment is not valid:\n${explain(parsed.error)}`);
  }
  const { models, seeds, training, tune } = parsed.data;
  const twice = models.find((name, index) => models.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`Model ${twice} is asked for twice.`);
  const arms = models.map((name): Arm => {
    const { model, given } = parseModel(name);
    const resolved = resolveModel(training, model);
    const trials = drawTrials(tune, given).map((settings, trial) => ({
      settings,
      cell: {
        name,
        seed: 1,
        model: { ...withTrial(resolved, settings), seed: 1 },
        file: `${slugOf(name)}-trial-${trial + 1}`,
      },
    }));
    return { name, model: resolved, trials };
  });
  const cells = arms.flatMap((arm) => cellsOf(arm, seeds));
  const { primary } = parsed.data;
  if (primary !== undefined && !models.includes(primary.model)) {
    throw new ConfigError(
      `primary names the model "${primary.model}", which is none of ${models.join(', ')}.`,
    );
  }
  return { options: parsed.data, cells, arms };
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
  const { lea } = result.data;
  if (readsEnvironment(result.data)) {
    throw new ConfigError(
      `Model ${name}: an experiment has no environment, so "lea" is for actions of item neighbours alone ({"actions":"neighbours"}); \`lea environment study\` has one.`,
    );
  }
  // Nothing else of an environment is there.
  const alone = lea && { ...lea, state: 'off' as const, stateWeight: 0, reward: 'off' as const };
  return { model: { ...result.data, lea: alone }, given: new Set(Object.keys(own)) };
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
