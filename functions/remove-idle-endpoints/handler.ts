import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { createJsonService } from '#platform/json-service.ts';
import { sweep } from './sweep.ts';

const { DEPLOYMENT, EXECUTION_ARN } = readEnvironment({
  DEPLOYMENT: z.string().min(1),
  EXECUTION_ARN: z.string().startsWith('arn:'),
});
const parts = {
  objects: dataBucket(),
  sagemaker: createJsonService('sagemaker'),
  states: createJsonService('states'),
  deployment: DEPLOYMENT,
  executionArn: EXECUTION_ARN,
};

/** Runs every hour, and when an execution has ended badly: no endpoint outlives its run, no model its environment. */
export const handler = instrument(
  z.strictObject({ reason: z.enum(['hourly', 'execution-ended']) }),
  async ({ reason }, { logger, metrics }) => {
    const swept = await sweep({ ...parts, now: new Date() });
    metrics.addMetric('EndpointsRemoved', MetricUnit.Count, swept.removed.length);
    metrics.addMetric('OldestEndpointHours', MetricUnit.NoUnit, swept.oldestHours);
    logger.info('swept', { reason, ...swept });
    return swept;
  },
);
