import { prequential } from '#lib/contracts/keys.ts';
import type { ReadableObjects } from '#lib/contracts/objects.ts';
import { newestFirst, type PrequentialNight, prequentialNight } from './prequential.ts';

/** Nights that are read, at most: those that a chart shows. */
const nightsRead = 90;

/** What reading nights needs of the bucket. */
export interface NightObjects extends Pick<ReadableObjects, 'getJson'> {
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly lastModified: Date }>;
}

/**
 * How the last nights did on what arrived, the newest first.
 *
 * @param except a run whose own file does not count
 */
export async function readNights(
  objects: NightObjects,
  except?: string,
): Promise<PrequentialNight[]> {
  const found: { key: string; lastModified: Date }[] = [];
  for await (const object of objects.list(prequential.prefix)) found.push(object);
  const newest = found
    .filter(({ key }) => except === undefined || key !== prequential.night(except))
    .sort((a, b) => b.lastModified.getTime() - a.lastModified.getTime())
    .slice(0, nightsRead);
  const nights = newest.map(({ key }) => objects.getJson(key, prequentialNight));
  return newestFirst(await Promise.all(nights));
}

/**
 * For how many nights in a row, the last one included, nobody took the place of whoever is in service.
 *
 * @param nights the newest first
 */
export function nightsUnpromoted(nights: readonly PrequentialNight[], promoted: boolean): number {
  if (promoted) return 0;
  const inService = nights[0]?.champion?.run;
  const other = nights.findIndex(({ champion }) => champion?.run !== inService);
  return other === -1 ? nights.length : other;
}
