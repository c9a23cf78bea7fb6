import * as z from 'zod';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';
import type { Objects } from '#platform/objects.ts';

/** What a finished job says that it made the model by; nothing where an older release trained it, or it ranked the champion. */
const trained = z.looseObject({ recipe: z.string().optional() });

/** Names of what an earlier attempt at the run finished: models of the recipe that is asked for, and the champion's ranks. */
export async function findDone(
  objects: Objects,
  run: string,
  config: PipelineConfig,
): Promise<Set<string>> {
  const recipes = new Map<string, string | undefined>([
    ...config.training.models.map((model) => [model.name, recipeOf(config, model)] as const),
    [championLabel, undefined],
  ]);
  const done = new Set<string>();
  for (const [name, recipe] of recipes) {
    const found = await objects.getVersion(runs.modelManifest(run, name), trained);
    if (found !== undefined && found.value.recipe === recipe) done.add(name);
  }
  return done;
}
