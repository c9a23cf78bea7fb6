import type { Champion } from '#lib/contracts/champion.ts';
import { activateTensorflow, loadRecommender } from '#lib/serving/champion-model.ts';
import type { Recommender } from '#lib/serving/recommender.ts';
import type { Objects } from '#platform/objects.ts';

/** Starts TensorFlow.js at once; what it returns loads a champion and makes it ready for its first caller. */
export function modelLoader(
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
