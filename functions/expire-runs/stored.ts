import { championPointer, championRecord } from '#lib/contracts/champion.ts';
import { environments, serving } from '#lib/contracts/keys.ts';
import { environmentRegistration } from '#lib/environment/version.ts';
import type { Objects } from '#platform/objects.ts';
import type { Aged, Kept } from './expired.ts';

/** What is served, would be served again after a rollback, or is used again. */
export async function findKept(objects: Objects): Promise<Kept> {
  const champion = (await objects.getVersion(serving.champion, championPointer))?.value;
  const record =
    champion &&
    (await objects.getVersion(serving.championHistory(champion.run), championRecord))?.value;
  const latest = await objects.getVersion(environments.latest, environmentRegistration);
  return {
    modelPrefixes: [champion, record?.previous].flatMap((one) => (one ? [one.prefix] : [])),
    environmentVersion: latest?.value.version,
  };
}

/** Every object below a prefix with its age. */
export async function listAged(objects: Objects, prefix: string): Promise<Aged[]> {
  const found: Aged[] = [];
  for await (const { key, lastModified } of objects.list(prefix)) found.push({ key, lastModified });
  return found;
}
