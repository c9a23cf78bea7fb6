import type { Champion } from '#lib/contracts/champion.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Which models may begin from the champion's weights as they were judged: those of its recipe, as long as the training
 * actions have grown by no more than `training.warmStart` since. What is served has been fitted on the night's cases and is
 * no place to begin.
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
  const eligible = models.filter((model) => {
    const { warmStart, text } = resolveModel(shared, model);
    // The map of the texts' vectors may be another one tonight, and what was learned for it would mean something else.
    return warmStart > 0 && text === undefined && recipeOf(config, model) === champion?.recipe;
  });
  if (champion === undefined || eligible.length === 0) return new Map();
  if ((await objects.head(runs.modelParameters(champion.run, champion.name))) === undefined) {
    return new Map();
  }
  const before = await objects.getVersion(runs.sequencesManifest(champion.run), sequencesManifest);
  if (before === undefined) return new Map();
  const { trainTransitions } = await objects.getJson(
    runs.sequencesManifest(run),
    sequencesManifest,
  );
  const growth = trainTransitions / Math.max(1, before.value.trainTransitions) - 1;
  return new Map(
    eligible
      .filter((model) => growth >= 0 && growth <= resolveModel(shared, model).warmStart)
      .map(({ name }) => [name, champion.judged]),
  );
}
