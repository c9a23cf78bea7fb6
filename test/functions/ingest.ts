import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { vi } from 'vitest';
import type { BatchAnswer } from '#functions/shared/messages.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { type UploadReport, uploadReport } from '#lib/interactions/report.ts';
import { uploadId } from '#lib/interactions/upload-plan.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { startServer } from '../platform/server.ts';
import { startEventBus } from './event-bus.ts';
import { lambdaContext, objectCreatedEvent, sqsBatch } from './shared/invocations.ts';

type Handler = (event: unknown, context: typeof lambdaContext) => Promise<BatchAnswer>;

/** Ingestion's functions on a bucket of their own. One at a time: functions read the environment's variables. */
export async function startIngestion(bucket: string, pipeline: object) {
  const server = await startServer(bucket, 'parse-range');
  const bus = await startEventBus();
  const environment = {
    ...server.environment,
    BUCKET: bucket,
    EVENT_BUS: 'lea-dev',
    AWS_ENDPOINT_URL_EVENTS: bus.endpoint,
    PARSE_QUEUE_URL: server.queueUrl,
    PIPELINE_CONFIG: JSON.stringify(pipeline),
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.resetModules();
  const plan: Handler = (await import('#functions/plan-upload/handler.ts')).handler;
  const parse: Handler = (await import('#functions/parse-range/handler.ts')).handler;
  const objects: Objects = createObjects(server.s3, bucket);

  async function receive(): Promise<unknown[]> {
    const bodies: unknown[] = [];
    for (;;) {
      const { Messages = [] } = await server.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: server.queueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return bodies;
      bodies.push(...Messages.map((message) => JSON.parse(message.Body ?? '')));
    }
  }

  /** Tells `plan-upload` of a file, and `parse-range` of what that asks for. @returns how many messages failed */
  async function notice(key: string): Promise<number> {
    const planned = await plan(sqsBatch(objectCreatedEvent(bucket, key)), lambdaContext);
    const messages = await receive();
    const parsed =
      messages.length > 0 ? await parse(sqsBatch(...messages), lambdaContext) : planned;
    return new Set([...planned.batchItemFailures, ...parsed.batchItemFailures]).size;
  }

  return {
    objects,
    bus,
    notice,
    /** Uploads a file and lets the functions work until it has its report. */
    async ingest(key: string, body: string | Uint8Array): Promise<UploadReport> {
      await objects.putBytes(key, body);
      await notice(key);
      const version = (await objects.head(key))!;
      return objects.getJson(uploads.report(uploadId({ bucket, ...version })), uploadReport);
    },
    async stop(): Promise<void> {
      vi.unstubAllEnvs();
      await bus.stop();
      await server.stop();
    },
  };
}
