import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { wasmFolder } from '#lib/serving/wasm-folder.ts';
import { ChampionCache } from './champion-cache.ts';
import { httpRequest, respond } from './http.ts';
import { modelLoader } from './load-model.ts';
import { reporter } from './report.ts';
import { parseRequest } from './request.ts';
import { shorten } from './shorten.ts';

const seconds = z.coerce.number().min(0).default(60);
const { CHAMPION_SECONDS } = readEnvironment({ CHAMPION_SECONDS: seconds });
const objects = dataBucket();
const milliseconds = CHAMPION_SECONDS * 1000;
/** What has kept the champion from being followed since the last request. */
const stale: unknown[] = [];
const onStale = (error: unknown) => stale.push(error);
const load = modelLoader(objects, wasmFolder());
const champions = new ChampionCache({ objects, milliseconds, load, onStale });
// A starting instance has a whole processor: load the model now. Who asks first hears of a failure.
await champions.get().catch(() => undefined);

async function recommend(request: unknown) {
  const { history, count } = parseRequest(request);
  const { champion, model } = await champions.get();
  const { run, name } = champion;
  return { ...shorten(model.recommend({ history }, count)), model: { run, name } };
}

/** Recommends with the champion; asked over HTTP (function URL, HTTP API) or by invoking the function. */
export const handler = instrument(z.unknown(), async (event, { logger, metrics }) => {
  const report = reporter(logger, metrics);
  const http = httpRequest.safeParse(event);
  const asked = http.success
    ? respond(http.data, recommend).catch(report.refusal)
    : recommend(event);
  return asked.finally(() => report.stale(stale.splice(0)));
});
