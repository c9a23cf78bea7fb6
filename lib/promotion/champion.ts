import { type Champion, championPointer, championRecord } from '#lib/contracts/champion.ts';
import { ConflictError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import type { VersionedObjects } from '#lib/contracts/objects.ts';

/** What a pointer was replaced by, for whoever announces it. */
export interface Replacement {
  readonly champion: Champion;
  readonly previous: Champion | null;
  /** False if the champion was already in place, as on a second call. */
  readonly changed: boolean;
}

/**
 * Makes a model the champion by compare-and-swap. First the record `champions/<run>.json` is written, then
 * `champion.json`, and only over the version that was read. So a promotion that is cut short has changed nothing that
 * is served, can be repeated, and never overwrites a champion that the evaluation did not compare with.
 *
 * @param compared the champion that the evaluation compared with; undefined if there was none
 * @throws ConflictError if another champion has been put in place since
 */
export async function promote(
  objects: VersionedObjects,
  champion: Champion,
  compared: Pick<Champion, 'run' | 'name'> | undefined,
): Promise<Replacement> {
  const current = await objects.getVersion(serving.champion, championPointer);
  const recorded = await objects.getVersion(serving.championHistory(champion.run), championRecord);
  if (current !== undefined && isSame(current.value, champion)) {
    return {
      champion: current.value,
      previous: recorded?.value.previous ?? null,
      changed: false,
    };
  }
  if (!isSame(current?.value, compared)) {
    throw new ConflictError(
      `${name(champion)} was compared with ${name(compared)}, but the champion is now ${name(current?.value)}. Evaluate again before promoting.`,
    );
  }
  const previous = current?.value ?? null;
  const record = toJson({ champion, previous });
  const recordKey = serving.championHistory(champion.run);
  if (recorded !== undefined) await objects.putIfMatch(recordKey, record, recorded.etag);
  else if (!(await objects.putIfAbsent(recordKey, record))) throw racing(champion);
  await swap(objects, champion, current?.etag);
  return { champion, previous, changed: true };
}

/**
 * Puts an earlier champion back in place, by the same compare-and-swap.
 *
 * @param run the run whose champion to go back to; by default the one that the current champion replaced
 * @throws MissingArtefactError if there is nothing to go back to
 * @throws ConflictError if the champion changes meanwhile
 */
export async function rollBack(objects: VersionedObjects, run?: string): Promise<Replacement> {
  const current = await objects.getVersion(serving.champion, championPointer);
  if (current === undefined) {
    throw new MissingArtefactError('There is no champion to roll back: nothing was promoted yet.');
  }
  const wanted = run ?? current.value.run;
  const record = (await objects.getVersion(serving.championHistory(wanted), championRecord))?.value;
  const champion = run === undefined ? record?.previous : record?.champion;
  if (champion === undefined || champion === null) {
    throw new MissingArtefactError(
      run === undefined
        ? `${name(current.value)} replaced no champion, so there is none to go back to.`
        : `Run ${run} never promoted a champion (${serving.championHistory(run)} is missing). Runs that did have a record below champions/.`,
    );
  }
  if (isSame(current.value, champion)) {
    return { champion: current.value, previous: null, changed: false };
  }
  await swap(objects, champion, current.etag);
  return { champion, previous: current.value, changed: true };
}

async function swap(
  objects: VersionedObjects,
  champion: Champion,
  etag: string | undefined,
): Promise<void> {
  const body = toJson(champion);
  if (etag !== undefined) await objects.putIfMatch(serving.champion, body, etag);
  else if (!(await objects.putIfAbsent(serving.champion, body))) throw racing(champion);
}

function racing(champion: Champion): ConflictError {
  return new ConflictError(
    `Somebody else promoted a champion while ${name(champion)} was being promoted. Evaluate again before promoting.`,
  );
}

function isSame(
  a: Pick<Champion, 'run' | 'name'> | undefined,
  b: Pick<Champion, 'run' | 'name'> | undefined,
): boolean {
  return a?.run === b?.run && a?.name === b?.name;
}

function name(champion: Pick<Champion, 'run' | 'name'> | undefined): string {
  return champion === undefined ? 'no champion' : `${champion.name} of run ${champion.run}`;
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
