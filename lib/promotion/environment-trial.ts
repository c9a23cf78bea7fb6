import { createHash } from 'node:crypto';
import * as z from 'zod';
import { leaPresets, resolveModel } from '#lib/contracts/config/presets.ts';
import type { LeaSettings, ModelConfig } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { readsEnvironment, usesEnvironment } from '#lib/contracts/needs.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { type Evaluation, primaryMetric } from '#lib/evaluation/evaluation-file.ts';

/** A model without environment that stands in for one with it. */
const twin = z.enum(['alone', 'neighbours']);

/**
 * `environment-trial.json`: how models with the environment did beside the same ones without, in the last night that tried
 * it. Later nights act on it.
 */
export const environmentTrial = z.strictObject({
  run: z.string(),
  /** ISO 8601. */
  judgedAt: z.iso.datetime(),
  /** Of the models and the environment that were tried: what was said of others says nothing of them. */
  recipe: z.string(),
  /** False if every model lost to both of its twins. */
  pays: z.boolean(),
  /** Validation NDCG@10. */
  models: z.array(
    z.strictObject({
      name: z.string(),
      ndcg10: z.number(),
      alone: z.number(),
      neighbours: z.number(),
    }),
  ),
  /** What fitting and asking it was expected to cost in that night. */
  usd: z.number().min(0),
});

/** `runs/<run>/trial.json`: what a night does about the environment, in all its attempts. */
export const trialPlan = z.discriminatedUnion('kind', [
  /** As configured. */
  z.strictObject({ kind: z.literal('usual') }),
  /** Twins are trained too: names of each model's, and which of them are there for the trial alone. */
  z.strictObject({
    kind: z.literal('trial'),
    added: z.array(z.string()),
    models: z.array(
      z.strictObject({ name: z.string(), alone: z.string(), neighbours: z.string() }),
    ),
  }),
  /** The environment is neither fitted nor asked; each of its models is trained as one of its twins. */
  z.strictObject({
    kind: z.literal('rest'),
    models: z.array(z.strictObject({ name: z.string(), as: twin })),
    /** What an earlier night found. */
    because: environmentTrial,
  }),
]);

export type EnvironmentTrial = z.infer<typeof environmentTrial>;
export type TrialPlan = z.infer<typeof trialPlan>;

/** Models that a configuration may have. */
const maximumModels = 40;

/**
 * What a night does about the environment: tries it where no trial of these models is younger than
 * `promotion.environmentTrialDays`, rests it where the last one was lost, and nothing of the kind otherwise.
 */
export function planTrial(
  config: PipelineConfig,
  last: EnvironmentTrial | undefined,
  now: Date,
): TrialPlan {
  const days = config.promotion.environmentTrialDays;
  if (days === 0 || !usesEnvironment(config)) return { kind: 'usual' };
  const ageDays =
    last === undefined
      ? Number.POSITIVE_INFINITY
      : (now.getTime() - Date.parse(last.judgedAt)) / 86_400_000;
  const stands = last !== undefined && last.recipe === trialRecipe(config) && ageDays < days;
  if (!stands) return planTwins(config);
  if (last.pays) return { kind: 'usual' };
  return {
    kind: 'rest',
    models: last.models.map(({ name, alone, neighbours }) => ({
      name,
      as: neighbours > alone ? 'neighbours' : 'alone',
    })),
    because: last,
  };
}

/** The configuration of a night with this plan; what is trained and evaluated knows nothing of trials. */
export function applyTrial(config: PipelineConfig, plan: TrialPlan): PipelineConfig {
  if (plan.kind === 'usual') return config;
  const { models } = config.training;
  const changed =
    plan.kind === 'trial'
      ? [
          ...models,
          ...plan.added.map((name): ModelConfig => {
            const names = plan.models.find(({ alone, neighbours }) =>
              [alone, neighbours].includes(name),
            )!;
            const model = models.find((own) => own.name === names.name)!;
            return {
              ...twinOf(config, model, names.alone === name ? 'alone' : 'neighbours'),
              name,
            };
          }),
        ]
      : rested(config, plan);
  return { ...config, training: { ...config.training, models: changed } };
}

/** Each model with the environment as one of its twins, unless that is configured anyway. */
function rested(config: PipelineConfig, plan: Extract<TrialPlan, { kind: 'rest' }>): ModelConfig[] {
  const { models } = config.training;
  // No twin has the recipe of a model with the environment.
  const trained = new Set(models.map((model) => recipeOf(config, model)));
  return models.flatMap((model) => {
    const twins = plan.models.find(({ name }) => name === model.name);
    if (twins === undefined) return [model];
    const instead = twinOf(config, model, twins.as);
    return trained.has(recipeOf(config, instead)) ? [] : [instead];
  });
}

/**
 * What a night of trial has shown: an environment pays unless every model with it is behind both of its twins on the
 * validation cases.
 *
 * @param config as it was before `applyTrial`
 * @param usd what fitting and asking the environment was expected to cost
 */
export function judgeTrial(
  run: string,
  config: PipelineConfig,
  plan: Extract<TrialPlan, { kind: 'trial' }>,
  evaluation: Pick<Evaluation, 'models'>,
  usd: number,
  now: Date,
): EnvironmentTrial {
  const ndcgOf = (name: string) =>
    evaluation.models.find((model) => model.name === name)!.validation[primaryMetric]!.value;
  const models = plan.models.map(({ name, alone, neighbours }) => ({
    name,
    ndcg10: ndcgOf(name),
    alone: ndcgOf(alone),
    neighbours: ndcgOf(neighbours),
  }));
  return {
    run,
    judgedAt: now.toISOString(),
    recipe: trialRecipe(config),
    pays: models.some(({ ndcg10, alone, neighbours }) => ndcg10 >= Math.min(alone, neighbours)),
    models,
    usd,
  };
}

/** As it was configured: a night's configuration without the twins of its trial. */
export function withoutTwins(config: PipelineConfig, plan: TrialPlan): PipelineConfig {
  if (plan.kind !== 'trial') return config;
  const models = config.training.models.filter(({ name }) => !plan.added.includes(name));
  return { ...config, training: { ...config.training, models } };
}

/** Twins of every model with the environment; one that is configured anyway, under whatever name, is not trained twice. */
function planTwins(config: PipelineConfig): TrialPlan {
  const { models } = config.training;
  const byRecipe = new Map(models.map((model) => [recipeOf(config, model), model.name]));
  const names = new Set(models.map(({ name }) => name));
  const added: string[] = [];
  const nameOf = (model: ModelConfig, kind: z.infer<typeof twin>) => {
    const recipe = recipeOf(config, twinOf(config, model, kind));
    const known = byRecipe.get(recipe);
    if (known !== undefined) return known;
    const name = freeName(`${model.name.slice(0, 18)}-${kind}`, names);
    names.add(name);
    byRecipe.set(recipe, name);
    added.push(name);
    return name;
  };
  const tried = models
    .filter((model) => readsEnvironment(model))
    .map((model) => ({
      name: model.name,
      alone: nameOf(model, 'alone'),
      neighbours: nameOf(model, 'neighbours'),
    }));
  if (names.size > maximumModels) return { kind: 'usual' };
  return { kind: 'trial', added, models: tried };
}

/** The same recipe without the environment: nothing in its place, or actions of item neighbours. */
function twinOf(
  config: PipelineConfig,
  model: ModelConfig,
  kind: z.infer<typeof twin>,
): ModelConfig {
  const { lea, ...alone } = model;
  if (kind === 'alone' || lea === undefined) return alone;
  const { models: _, ...shared } = config.training;
  const { augmentedWeight } = resolveModel(shared, model).lea!;
  const none: Partial<LeaSettings> = { state: 'off', stateWeight: 0, reward: 'off' };
  return {
    ...alone,
    lea: {
      ...lea,
      ...none,
      actions: 'neighbours',
      // A model that copies none of the environment's actions is compared with one that copies as much as is usual.
      ...(augmentedWeight === 0 && { augmentedWeight: leaPresets.sound.augmentedWeight }),
    },
  };
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}-${number}`)) number++;
  return `${wanted}-${number}`;
}

/** All that decides how the models with the environment come out, but for the data. */
function trialRecipe(config: PipelineConfig): string {
  const recipes = config.training.models
    .filter((model) => readsEnvironment(model))
    .map((model) => [model.name, recipeOf(config, model)]);
  return createHash('sha256').update(JSON.stringify(recipes)).digest('hex').slice(0, 16);
}
