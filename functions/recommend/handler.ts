import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { wasmFolder } from '#lib/serving/wasm-folder.ts';
import { ChampionCache } from './champion-cache.ts';
import { answer, bodyOf, httpRequest, refusalOrThrow } from './http.ts';
import { modelLoader } from './load-model.ts';
import { parseRequest } from './request.ts';

const seconds = z.coerce.number().min(0).default(60);
const { CHAMPION_SECONDS } = readEnvironment({ CHAMPION_SECONDS: seconds });
const objects = dataBucket();
const champions = new ChampionCache({
  objects,
  milliseconds: CHAMPION_SECONDS * 1000,
  load: modelLoader(objects, wasmFolder()),
  onStale: (error) => console.warn('The old champion goes on serving:', error),
});
// Lambda gives a starting instance a whole processor: load the model now. Who asks first hears of a failure.
await champions.get().catch(() => undefined);

async function recommend(request: unknown) {
  const { history, count } = parseRequest(request);
  const { champion, model } = await champions.get();
  const { run, name } = champion;
  return { ...model.recommend({ history }, count), model: { run, name } };
}

/** Recommends with the champion; asked over HTTP (function URL, HTTP API) or by invoking the function. */
export const handler = instrument(z.unknown(), async (event) => {
  const http = httpRequest.safeParse(event);
  if (!http.success) return recommend(event);
  try {
    return answer(await recommend(bodyOf(http.data)));
  } catch (error) {
    return refusalOrThrow(error);
  }
});
