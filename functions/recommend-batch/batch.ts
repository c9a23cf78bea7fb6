import { createHash } from 'node:crypto';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type * as z from 'zod';
import { type Champion, championPointer } from '#lib/contracts/champion.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { isSamePointer } from '#lib/promotion/champion.ts';
import { everybodyManifest } from '#lib/sequences/everybody-files.ts';
import type { Objects } from '#platform/objects.ts';
import { sendMessages } from '#platform/queues.ts';
import type { PartMessage, recommendationsManifest } from './messages.ts';

export interface BatchPlaces {
  readonly objects: Objects;
  readonly queue: SQSClient;
  readonly queueUrl: string;
}

/**
 * Shares everybody, whether in the k-core of the run or not, out to one message for each part.
 *
 * @param count items per user
 * @returns the number of parts, 0 without a champion
 */
export async function planBatch(places: BatchPlaces, run: string, count: number): Promise<number> {
  const { objects, queue, queueUrl } = places;
  const champion = await inService(objects);
  if (champion === null) return 0;
  const parts = await countParts(objects, run);
  const batch = nameBatch(champion, parts, count);
  const messages = Array.from({ length: parts }, (_, part): PartMessage => {
    return { kind: 'part', run, champion, batch, part, parts };
  });
  await sendMessages(queue, queueUrl, messages);
  return parts;
}

/** How many messages the users of a run are shared out to: one for each file of histories. */
export async function countParts(objects: Objects, run: string): Promise<number> {
  return (await objects.getJson(runs.everybodyManifest(run), everybodyManifest)).parts;
}

/** The same for the same content, so that planning twice makes the same objects twice. */
export function nameBatch(champion: Champion, parts: number, count: number): string {
  const { run, name, promotedAt, rolledBackAt = null } = champion;
  const content = JSON.stringify([run, name, promotedAt, rolledBackAt, parts, count]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** A batch is made for the champion in service: after a promotion or a rollback nobody wants the rest of it. */
export async function isOutdated(objects: Objects, { champion }: PartMessage): Promise<boolean> {
  return !isSamePointer(await inService(objects), champion);
}

/** Writes the manifest if all parts of the batch are there; whoever finishes last does. */
export async function finishBatch(
  objects: Objects,
  message: PartMessage,
  count: number,
  now: Date,
): Promise<boolean> {
  const { run, champion, batch, parts } = message;
  const prefix = serving.recommendationsBatchPrefix(run, batch);
  const written = new Set<string>();
  for await (const { key } of objects.list(prefix)) written.add(key);
  for (let part = 0; part < parts; part++) {
    if (!written.has(serving.recommendationsPart(run, batch, part))) return false;
  }
  if (await isOutdated(objects, message)) return false;
  await objects.putJson(serving.recommendationsManifest(run), {
    schemaVersion: 1,
    run,
    champion,
    prefix,
    parts,
    count,
    createdAt: now.toISOString(),
  } satisfies z.infer<typeof recommendationsManifest>);
  return true;
}

async function inService(objects: Objects): Promise<Champion | null> {
  return (await objects.getVersion(serving.champion, championPointer))?.value ?? null;
}
