import * as z from 'zod';
import type { PromotionConfig } from '#lib/contracts/config/promotion.ts';
import { modelConfig } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { type Evaluation, primaryMetric } from '#lib/evaluation/evaluation-file.ts';

/** `runs/<run>/renewal.json`: which of the configured models a night trains, in all its attempts. */
export const renewalPlan = z.discriminatedUnion('kind', [
  /** All of them. */
  z.strictObject({ kind: z.literal('all') }),
  /** One is renewed with what little is new; the others wait for the next night that trains all. */
  z.strictObject({
    kind: z.literal('renewal'),
    model: z.string(),
    /** The last night that trained all. */
    since: z.string(),
    /** By how much the log has grown since then, as a share of it. */
    growth: z.number(),
    /** All that are configured. */
    models: z.array(modelConfig),
  }),
]);

export type RenewalPlan = z.infer<typeof renewalPlan>;

/** What is known of the last night that trained all of its models. */
export interface FullNight {
  readonly run: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Size of the accepted rows that it worked on. */
  readonly bytes: number;
  readonly config: PipelineConfig;
  /** Its models. */
  readonly models: Evaluation['models'];
}

/** What a night has to work with. */
export interface NightAhead {
  /** All models that are configured. */
  readonly config: PipelineConfig;
  /** Size of the accepted rows. */
  readonly bytes: number;
  /** Recipe of the champion in service, if there is one that says so. */
  readonly championRecipe: string | undefined;
  readonly now: Date;
}

/**
 * Decides whether a night trains all models, or renews one alone: the champion's recipe or, where a rival is in service, the
 * model that the last full night found best on validation. It does the latter as long as the log has grown by no more than
 * `promotion.renewalGrowth` since the last full night, that is younger than `promotion.renewalDays`, and no other recipe has
 * been configured since.
 */
export function planRenewal(
  { config, bytes, championRecipe, now }: NightAhead,
  last: FullNight,
): RenewalPlan {
  const { renewalGrowth, renewalDays } = config.promotion;
  if (renewalGrowth === 0 || championRecipe === undefined) return { kind: 'all' };
  const growth = bytes / Math.max(1, last.bytes) - 1;
  const ageDays = (now.getTime() - Date.parse(last.createdAt)) / 86_400_000;
  // Rows that were taken out change what there is to learn as much as rows that have come.
  if (Math.abs(growth) > renewalGrowth || ageDays >= renewalDays) return { kind: 'all' };
  const { models } = config.training;
  const trained = new Set(last.config.training.models.map((model) => recipeOf(last.config, model)));
  if (!models.every((model) => trained.has(recipeOf(config, model)))) return { kind: 'all' };
  const heir = models.find((model) => recipeOf(config, model) === championRecipe);
  const renewed = heir?.name ?? bestOf(last.models, config);
  if (renewed === undefined) return { kind: 'all' };
  return { kind: 'renewal', model: renewed, since: last.run, growth, models };
}

/** The configured model whose recipe did best on validation. */
function bestOf(evaluated: Evaluation['models'], config: PipelineConfig): string | undefined {
  const ndcgOf = new Map(
    evaluated.map(({ recipe, validation }) => [recipe, validation[primaryMetric]?.value ?? 0]),
  );
  const [best] = config.training.models
    .flatMap((model) => {
      const ndcg = ndcgOf.get(recipeOf(config, model));
      return ndcg === undefined ? [] : [{ name: model.name, ndcg }];
    })
    .sort((a, b) => b.ndcg - a.ndcg);
  return best?.name;
}

/** The configuration of a night with this plan; what is trained and evaluated knows nothing of renewals. */
export function applyRenewal(config: PipelineConfig, plan: RenewalPlan): PipelineConfig {
  if (plan.kind === 'all') return config;
  const models = config.training.models.filter(({ name }) => name === plan.model);
  return { ...config, training: { ...config.training, models } };
}

/** As it was configured: a night's configuration with the models that it has left out. */
export function withLeftOut(config: PipelineConfig, plan: RenewalPlan): PipelineConfig {
  if (plan.kind === 'all') return config;
  return { ...config, training: { ...config.training, models: plan.models } };
}

/** Names of the models that a night leaves out. */
export function leftOut(plan: RenewalPlan): string[] {
  if (plan.kind === 'all') return [];
  return plan.models.map(({ name }) => name).filter((name) => name !== plan.model);
}

/** Which models wait, until when and why, in one sentence; undefined where none does. */
export function explainRenewal(
  plan: RenewalPlan,
  { renewalGrowth, renewalDays }: PromotionConfig,
): string | undefined {
  const waiting = leftOut(plan);
  if (plan.kind === 'all' || waiting.length === 0) return undefined;
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  return `Only ${plan.model} was trained: since run ${plan.since}, which trained all, the log has grown by ${share(plan.growth)}. ${waiting.join(', ')} ${waiting.length === 1 ? 'waits' : 'wait'} until it has grown by more than ${share(renewalGrowth)} (promotion.renewalGrowth) or ${renewalDays} days have passed (promotion.renewalDays).`;
}
