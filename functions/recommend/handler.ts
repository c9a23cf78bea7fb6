import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { httpRequest, respond } from './http.ts';
import { inService } from './in-service.ts';
import { type Operation, read, readInvocation } from './operations.ts';
import { reporter } from './report.ts';

const seconds = z.coerce.number().min(0).default(60);
const { CHAMPION_SECONDS } = readEnvironment({ CHAMPION_SECONDS: seconds });
const objects = dataBucket();
/** What has kept the champion from being followed since the last request. */
const stale: unknown[] = [];
const onStale = (error: unknown) => stale.push(error);
const current = inService(objects, { milliseconds: CHAMPION_SECONDS * 1000, onStale });
// A starting instance has a whole processor: load the model now. Who asks first hears of a failure.
await current().catch(() => undefined);

/** Recommends with the champion; asked over HTTP (function URL, HTTP API) or by invoking the function. */
export const handler = instrument(z.unknown(), async (event, { logger, metrics, requestId }) => {
  const report = reporter(logger, metrics);
  const http = httpRequest.safeParse(event);
  const make = async (operation: Operation, asked: unknown) => {
    const answer = read(operation, asked);
    return answer(await current(), requestId);
  };
  const asking = async () => {
    if (http.success) return respond(http.data, make).catch(report.refusal);
    const { operation, asked } = readInvocation(event);
    return make(operation, asked);
  };
  const answered = await asking().finally(() => report.stale(stale.splice(0)));
  report.answered();
  return answered;
});
