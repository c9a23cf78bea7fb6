import * as z from 'zod';
import type { ImpressionLog } from '#lib/contracts/impression.ts';
import { createJsonService } from '#platform/json-service.ts';

/** Whoever asks waits for it: a stream that does not take an answer in time loses it, and an alarm says so. */
const patience = { attempts: 2, milliseconds: 500 };

const taken = z.looseObject({ RecordId: z.string() });

/** Hands answers to a Firehose stream, which writes them below `impressions/`, many to a file. */
export function impressionStream(name: string): ImpressionLog {
  const service = createJsonService('firehose', process.env, patience);
  return {
    async add(impression) {
      const Data = Buffer.from(`${JSON.stringify(impression)}\n`).toString('base64');
      await service.call('PutRecord', { DeliveryStreamName: name, Record: { Data } }, taken);
    },
  };
}
