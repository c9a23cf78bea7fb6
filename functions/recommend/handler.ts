import * as z from 'zod';
import { activateTensorflow, loadRecommender } from '#functions/shared/champion-model.ts';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { wasmFolder } from '#functions/shared/wasm-folder.ts';
import type { Recommender } from '#lib/serving/recommender.ts';
import { ChampionCache } from './champion-cache.ts';
import { answer, bodyOf, httpRequest, refusal } from './http.ts';
import { parseRequest } from './request.ts';

const { CHAMPION_SECONDS } = readEnvironment({
  CHAMPION_SECONDS: z.coerce.number().min(0).default(60),
});
const objects = dataBucket();
const tensorflow = activateTensorflow(wasmFolder());
const champions = new ChampionCache({
  objects,
  milliseconds: CHAMPION_SECONDS * 1000,
  load: async (champion) => {
    await tensorflow;
    const recommender = await loadRecommender(objects, champion, 1);
    warmUp(recommender);
    return recommender;
  },
  onStale: (error) => console.warn('The old champion goes on serving:', error),
});
// Lambda gives a starting instance a whole processor: load the model now. Who asks first hears of a failure.
await champions.get().catch(() => undefined);

/** The first pass compiles and allocates; no caller has to wait for that. */
function warmUp(recommender: Recommender): void {
  const popular = recommender.recommend([], 1).items.map((item) => item.item_id);
  recommender.recommend(popular, 1);
}

async function recommend(request: unknown) {
  const { history, count } = parseRequest(request);
  const { champion, model } = await champions.get();
  const { run, name } = champion;
  return { ...model.recommend(history, count), model: { run, name } };
}

/** Recommends with the champion; asked over HTTP (function URL, HTTP API) or by invoking the function. */
export const handler = instrument(z.unknown(), async (event) => {
  const http = httpRequest.safeParse(event);
  if (!http.success) return recommend(event);
  try {
    return answer(await recommend(bodyOf(http.data)));
  } catch (error) {
    const refused = refusal(error);
    if (refused === undefined) throw error;
    return refused;
  }
});
