import type { SQSClient } from '@aws-sdk/client-sqs';
import { championPointer } from '#lib/contracts/champion.ts';
import { serving } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';
import { sendMessages } from '#platform/queues.ts';
import type { PartMessage } from './messages.ts';
import { countParts } from './part.ts';

export interface BatchPlaces {
  readonly objects: Objects;
  readonly queue: SQSClient;
  readonly queueUrl: string;
}

/** Shares the users of a run out to one message a part. @returns the number of parts, 0 without a champion */
export async function planBatch(places: BatchPlaces, run: string): Promise<number> {
  const { objects, queue, queueUrl } = places;
  const found = await objects.getVersion(serving.champion, championPointer);
  // Runs that promote nobody succeed as well.
  if (found === undefined) return 0;
  const parts = await countParts(objects, run);
  const messages = Array.from({ length: parts }, (_, part): PartMessage => {
    return { kind: 'part', run, champion: found.value, part, parts };
  });
  await sendMessages(queue, queueUrl, messages);
  return parts;
}
