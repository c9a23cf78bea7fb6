import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { announce } from '#functions/shared/announce.ts';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { runEventTypes } from '#lib/contracts/status-event.ts';
import { priceList } from '#lib/cost/prices.ts';
import { createJsonService } from '#platform/json-service.ts';
import prices from '../../config/prices.json' with { type: 'json' };
import { runOf, statusChange, toRunEvent } from './execution.ts';
import { findFacts, noFacts } from './facts.ts';

const { EVENT_BUS, DEPLOYMENT, TIME_ZONE } = readEnvironment({
  EVENT_BUS: z.string().min(1),
  DEPLOYMENT: z.string().min(1),
  TIME_ZONE: z.string().min(1),
});
const events = createJsonService('events');
const sources = {
  objects: dataBucket(),
  sagemaker: createJsonService('sagemaker'),
  states: createJsonService('states'),
  prices: priceList.parse(prices),
  deployment: DEPLOYMENT,
};

/** Tells the pipeline's event bus, and the metrics, that a run has started or ended. */
export const handler = instrument(statusChange, async ({ detail }, { logger, metrics }) => {
  const run = runOf(detail, TIME_ZONE);
  const facts = detail.status === 'RUNNING' ? noFacts : await findFacts(sources, run, detail);
  const event = toRunEvent(detail, run, facts);
  if (event.usd !== null) metrics.addMetric('RunUsd', MetricUnit.NoUnit, event.usd);
  const put = await announce(events, EVENT_BUS, runEventTypes[event.status], event);
  logger.info('announced', { run, status: event.status, usd: event.usd, put });
  return event;
});
