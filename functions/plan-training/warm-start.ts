import * as z from 'zod';
import { hasForgottenSince } from '#functions/shared/forgotten.ts';
import { readRenewal } from '#functions/shared/renewal.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { ModelConfig } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { mayBeginWarm } from '#lib/contracts/needs.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';

/** What a job says of the model that it trained, as far as it is needed here. */
const trained = z.looseObject({ recipe: z.string().optional() });

/**
 * Which models may begin from weights of the champion's run, as they were judged: those of which that run trained one of the
 * same recipe, as long as the training actions have grown by no more than `training.warmStart` since. So all models of a night
 * begin alike, the champion's recipe and its rivals. What is served has been fitted on the night's cases and is no place to
 * begin. With `promotion.renewalGrowth` only nights that renew one model begin warm: those that train all compare what was
 * trained from nothing, and end a chain of weights.
 *
 * @param champion that can be compared with, if there is one
 * @returns key prefixes of the models to begin from, by the name of the model that does
 */
export async function planWarmStarts(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  champion: Champion | undefined,
): Promise<Map<string, string>> {
  const { models, ...shared } = config.training;
  const settled = models.map((model) => ({ model, settings: resolveModel(shared, model) }));
  const asked = settled.filter(({ settings }) => settings.warmStart > 0 && mayBeginWarm(settings));
  if (champion === undefined || asked.length === 0) return new Map();
  const comparesAll = (await readRenewal(objects, run)).kind === 'all';
  if (comparesAll && config.promotion.renewalGrowth > 0) return new Map();
  const before = await objects.getVersion(runs.sequencesManifest(champion.run), sequencesManifest);
  const built = await objects.head(runs.sequencesManifest(champion.run));
  if (before === undefined || built === undefined) return new Map();
  if (await hasForgottenSince(objects, built.lastModified)) return new Map();
  const { trainTransitions } = await objects.getJson(
    runs.sequencesManifest(run),
    sequencesManifest,
  );
  const growth = trainTransitions / Math.max(1, before.value.trainTransitions) - 1;
  const warm = new Map<string, string>();
  for (const { model, settings } of asked) {
    if (growth < 0 || growth > settings.warmStart) continue;
    const name = await earlierName(objects, champion, model, recipeOf(config, model));
    if (name !== undefined) warm.set(model.name, runs.modelPrefix(champion.run, name));
  }
  return warm;
}

/** The model of a recipe in the champion's run that has left its parameters: the champion itself, or the one of this name. */
async function earlierName(
  objects: Objects,
  champion: Champion,
  { name }: ModelConfig,
  recipe: string,
): Promise<string | undefined> {
  const own = champion.recipe === recipe ? champion.name : name;
  const manifest = await objects.getVersion(runs.modelManifest(champion.run, own), trained);
  if (manifest?.value.recipe !== recipe) return undefined;
  const parameters = await objects.head(runs.modelParameters(champion.run, own));
  return parameters && own;
}
