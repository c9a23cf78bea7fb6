import type { Champion } from '#lib/contracts/champion.ts';
import type { Serving } from '#lib/serving/answer.ts';
import { activateTensorflow, loadRecommender } from '#lib/serving/champion-model.ts';
import type { Recommender } from '#lib/serving/recommender.ts';
import { wasmFolder } from '#lib/serving/wasm-folder.ts';
import type { Objects } from '#platform/objects.ts';
import { ChampionCache } from './champion-cache.ts';
import { CountsCache } from './counts-cache.ts';
import { DirectoryCache } from './directory-cache.ts';

export interface InServiceOptions {
  /** How long the champion and the counts are believed without looking again. */
  readonly milliseconds: number;
  /** Told when the champion could not be read, and the old one goes on serving. */
  readonly onStale: (error: unknown) => void;
}

/** What recommendations are made with: the champion, with the newest counts, and what is known of users and items. */
export function inService(objects: Objects, options: InServiceOptions) {
  const load = modelLoader(objects, wasmFolder());
  const champions = new ChampionCache({ objects, load, ...options });
  const counts = new CountsCache({
    objects,
    milliseconds: options.milliseconds,
    onStale: (error) => console.warn('The old counts go on:', error),
  });
  const directories = new DirectoryCache({
    objects,
    milliseconds: options.milliseconds,
    onStale: (error) => console.warn('The old users and items go on:', error),
  });
  return async (): Promise<Serving> => {
    const current = await champions.get();
    const [directory] = await Promise.all([directories.get(), counts.refresh(current.model)]);
    return { ...current, directory };
  };
}

/** Starts TensorFlow.js at once; what it returns loads a champion and makes it ready for its first caller. */
function modelLoader(
  objects: Objects,
  wasmFolder: string | undefined,
): (champion: Champion) => Promise<Recommender> {
  const tensorflow = activateTensorflow(wasmFolder);
  return async (champion) => {
    await tensorflow;
    const recommender = await loadRecommender(objects, champion, {});
    warmUp(recommender);
    return recommender;
  };
}

/** The first pass compiles and allocates; no caller has to wait for that. */
function warmUp(recommender: Recommender): void {
  const popular = recommender.recommend({ history: [] }, 1).items.map((item) => item.item_id);
  recommender.recommend({ history: popular }, 1);
}
