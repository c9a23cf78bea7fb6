import * as z from 'zod';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import {
  modelConfig,
  type ResolvedModel,
  type TrainingSettings,
} from '#lib/contracts/config/training.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';

/** What a model may say of itself in a grid: everything but what the grid itself says. */
const partSettings = modelConfig.omit({ name: true, backbone: true, objective: true });

/** Every backbone with every objective with every part. */
export const modelGrid = z.strictObject({
  backbones: z.array(modelConfig.shape.backbone).min(1),
  objectives: z.array(modelConfig.shape.objective).min(1),
  /** Settings by name; `none` has no name in that of the model. */
  parts: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$/), partSettings)
    .refine((parts) => Object.keys(parts).length > 0, 'at least one part')
    .default({ none: {} }),
});

/** Models by what they are, or as the pipeline's configuration has them. */
export const askedModels = z.array(z.union([z.string().min(1), modelConfig])).default([]);

/** A model as it was asked for. */
export interface AskedModel {
  readonly name: string;
  readonly model: ResolvedModel;
  /** Settings that it was given by name, which tuning leaves alone. */
  readonly given: ReadonlySet<string>;
}

/** A combination of a grid that would be trained as another one is. */
export interface SameModel {
  readonly name: string;
  readonly as: string;
}

/**
 * The models of an experiment, those of the grid first. A combination that learns nothing from its part (rewards without
 * reinforcement, say) is the model without it, and left out.
 *
 * @throws ConfigError that names a model that is not valid, or that is asked for twice
 */
export function modelsOf(
  models: z.output<typeof askedModels>,
  grid: z.output<typeof modelGrid> | undefined,
  training: TrainingSettings,
): { readonly asked: readonly AskedModel[]; readonly same: readonly SameModel[] } {
  const same: SameModel[] = [];
  const known = new Map<string, string>();
  const combined = (grid === undefined ? [] : combinations(grid)).filter(({ name, ...own }) => {
    const learned = JSON.stringify(learnedFrom(resolve(own, training)));
    const as = known.get(learned);
    if (as === undefined) known.set(learned, name);
    else same.push({ name, as });
    return as === undefined;
  });
  const all = [...combined, ...models.map((model) => named(model))];
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`Model ${twice} is asked for twice.`);
  const asked = all.map(
    ({ name, config }): AskedModel => ({
      name,
      model: resolve({ config }, training),
      given: new Set(Object.keys(config)),
    }),
  );
  return { asked, same };
}

interface NamedModel {
  readonly name: string;
  readonly config: z.output<typeof modelConfig>;
}

function combinations({ backbones, objectives, parts }: z.output<typeof modelGrid>): NamedModel[] {
  return backbones.flatMap((backbone) =>
    objectives.flatMap((objective) =>
      Object.entries(parts).map(([part, settings]) => ({
        name: `${backbone}:${objective}${part === 'none' ? '' : `:${part}`}`,
        config: { name: 'model', backbone, objective, ...settings },
      })),
    ),
  );
}

function named(model: z.output<typeof askedModels>[number]): NamedModel {
  if (typeof model === 'string') return { name: model, config: parseModel(model) };
  return { name: model.name, config: model };
}

function resolve({ config }: Pick<NamedModel, 'config'>, training: TrainingSettings) {
  const { lea } = config;
  // Who copies neighbours' actions reads nothing else.
  const alone =
    lea === undefined || readsEnvironment(config)
      ? lea
      : { ...lea, state: 'off' as const, stateWeight: 0, reward: 'off' as const };
  return resolveModel(training, { ...config, lea: alone });
}

/** `sasrec:supervised:dropout=0.5` -> a checked entry of `training.models`. */
function parseModel(name: string): z.output<typeof modelConfig> {
  // Not within braces: a setting may be JSON.
  const [backbone, objective, ...settings] = name.split(/:(?![^{]*\})/);
  const own = Object.fromEntries(
    settings.map((setting) => {
      const [key = '', ...value] = setting.split('=');
      return [key, parseValue(value.join('='))];
    }),
  );
  const result = modelConfig.safeParse({ name: 'model', backbone, objective, ...own });
  if (result.success) return result.data;
  throw new ConfigError(
    `Model ${name} is not valid (expected backbone:objective[:setting=value ...]):\n${explain(result.error)}`,
  );
}

/** Numbers (`.002` and `1.` as well), `null`, `true`, `[0,10]`; anything else is text. */
export function parseValue(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Some loss of the model has rewards in it. */
export const isReinforced = ({ objective }: Pick<ResolvedModel, 'objective'>): boolean =>
  objective !== 'supervised' && objective !== 'auxiliary';

/**
 * A model with nothing but what its training reads: without reinforcement nothing reads rewards or has a Q head that would see
 * states, and only SASRec sees time. Two models that are the same here are trained to the same weights.
 */
export function learnedFrom(model: ResolvedModel): ResolvedModel {
  const { backbone, lea } = model;
  const time = { timeAttention: backbone === 'sasrec' && model.timeAttention };
  if (lea === undefined) return { ...model, ...time };
  const read = isReinforced(model) ? lea : ({ ...lea, state: 'off', reward: 'off' } as const);
  const isIdle =
    read.state === 'off' &&
    read.reward === 'off' &&
    read.stateWeight === 0 &&
    read.augmentedWeight === 0;
  return { ...model, ...time, lea: isIdle ? undefined : read };
}
