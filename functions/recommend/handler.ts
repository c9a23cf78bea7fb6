import * as z from 'zod';
import { instrument } from '#functions/shared/handler.ts';
import { httpRequest, respond } from '#lib/serving/door/http.ts';
import { type Operation, readInvocation } from '#lib/serving/door/operations.ts';
import { door, troubles } from './door.ts';
import { reporter } from './report.ts';

// A starting instance has a whole processor: load the model now. Who asks first hears of a failure.
await door.open().catch(() => undefined);

/** Recommends with the champion; asked over HTTP (function URL, HTTP API) or by invoking the function. */
export const handler = instrument(z.unknown(), async (event, { logger, metrics, requestId }) => {
  const report = reporter(logger, metrics);
  const http = httpRequest.safeParse(event);
  const make = (operation: Operation, asked: unknown) => door.answer(operation, asked, requestId);
  const asking = async () => {
    if (http.success) return respond(http.data, make).catch(report.refusal);
    const { operation, asked } = readInvocation(event);
    return make(operation, asked);
  };
  const answered = await asking().finally(() => {
    report.stale(troubles.stale.splice(0));
    report.lost(troubles.lost.splice(0));
  });
  report.answered();
  return answered;
});
