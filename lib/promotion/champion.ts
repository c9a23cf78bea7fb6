import { type Champion, championPointer, championRecord } from '#lib/contracts/champion.ts';
import { ConflictError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import type { LookedAtObjects, VersionedObjects } from '#lib/contracts/objects.ts';

/** What changing the champion needs of the bucket. */
export type ChampionObjects = VersionedObjects & LookedAtObjects;

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
 * @param compared the pointer that the run read once, when it planned its training; null if there was none
 * @throws ConflictError if the champion has changed since, also by a rollback to the very same model
 * @throws MissingArtefactError if a file of the model is not there
 */
export async function promote(
  objects: ChampionObjects,
  champion: Champion,
  compared: Champion | null,
): Promise<Replacement> {
  const current = await objects.getVersion(serving.champion, championPointer);
  const recorded = await objects.getVersion(serving.championHistory(champion.run), championRecord);
  if (current !== undefined && isSameModel(current.value, champion)) {
    return {
      champion: current.value,
      previous: recorded?.value.previous ?? null,
      changed: false,
    };
  }
  if (!isSamePointer(current?.value ?? null, compared)) {
    throw new ConflictError(
      `The champion has changed since ${name(champion)} was compared with ${name(compared)}: ${describe(current?.value)}. So it is not promoted; the next run is compared with what is in service then.`,
    );
  }
  await expectFiles(objects, champion, [champion.judged, champion.serving]);
  const previous = current?.value ?? null;
  const record = toJson({ champion, previous });
  const recordKey = serving.championHistory(champion.run);
  if (recorded !== undefined) await objects.putIfMatch(recordKey, record, recorded.etag);
  else if (!(await objects.putIfAbsent(recordKey, record))) throw racing(champion);
  await swap(objects, champion, current?.etag);
  return { champion, previous, changed: true };
}

/** What somebody asks to go back to. */
export interface RollbackRequest {
  /** The run whose champion to go back to; by default the one that the current champion replaced. */
  readonly run?: string | undefined;
  readonly now: Date;
}

/**
 * Puts an earlier champion back in place, by the same compare-and-swap.
 *
 * @throws MissingArtefactError if there is nothing to go back to, or the files of the model are not there any more
 * @throws ConflictError if the champion changes meanwhile
 */
export async function rollBack(
  objects: ChampionObjects,
  { run, now }: RollbackRequest,
): Promise<Replacement> {
  const current = await objects.getVersion(serving.champion, championPointer);
  if (current === undefined) {
    throw new MissingArtefactError('There is no champion to roll back: nothing was promoted yet.');
  }
  const record = await readRecord(objects, run ?? current.value.run);
  if (record === undefined) {
    const missing = `${serving.championHistory(run ?? current.value.run)} is missing`;
    throw new MissingArtefactError(
      run === undefined
        ? `Whom ${name(current.value)} replaced is not known: ${missing}. Name the run to go back to; runs that promoted a champion have a record below champions/.`
        : `Run ${run} never promoted a champion (${missing}). Runs that did have a record below champions/.`,
    );
  }
  const champion = run === undefined ? record.previous : record.champion;
  if (champion === null) {
    throw new MissingArtefactError(
      `${name(current.value)} replaced no champion, so there is none to go back to.`,
    );
  }
  if (isSameModel(current.value, champion)) {
    return { champion: current.value, previous: null, changed: false };
  }
  // A night without those that were judged says so and compares with nobody; users are served all the same.
  await expectFiles(objects, champion, [champion.serving], () => adviseEarlier(objects, champion));
  const restored = { ...champion, rolledBackAt: now.toISOString() };
  await swap(objects, restored, current.etag);
  return { champion: restored, previous: current.value, changed: true };
}

/** The keys of a model's files that are not there; none for a model that can be served. */
export async function missingModelFiles(
  objects: LookedAtObjects,
  prefix: string,
): Promise<string[]> {
  const keys = Object.values(serving.modelFiles(prefix));
  const found = await Promise.all(keys.map((key) => objects.head(key)));
  return keys.filter((_, index) => found[index] === undefined);
}

/**
 * Champions from one on back in time: whom it replaced, whom that one replaced, and so on.
 *
 * @param length how many at most
 */
export async function* championsBackFrom(
  objects: Pick<VersionedObjects, 'getVersion'>,
  champion: Champion,
  length: number,
): AsyncGenerator<Champion> {
  const seen = new Set<string>();
  let next: Champion | null = champion;
  // Somebody who edits records by hand may close a circle.
  while (next !== null && seen.size < length && !seen.has(next.run)) {
    seen.add(next.run);
    yield next;
    next = (await readRecord(objects, next.run))?.previous ?? null;
  }
}

async function readRecord(objects: Pick<VersionedObjects, 'getVersion'>, run: string) {
  return (await objects.getVersion(serving.championHistory(run), championRecord))?.value;
}

async function expectFiles(
  objects: ChampionObjects,
  champion: Champion,
  prefixes: readonly string[],
  advise: () => Promise<string> = async () => '',
): Promise<void> {
  const missing: string[] = [];
  for (const prefix of new Set(prefixes)) {
    missing.push(...(await missingModelFiles(objects, prefix)));
  }
  if (missing.length === 0) return;
  throw new MissingArtefactError(
    `${name(champion)} cannot be put into service: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.${await advise()}`,
  );
}

/** Whether and where there is an earlier champion that could be served. */
async function adviseEarlier(objects: ChampionObjects, champion: Champion): Promise<string> {
  const why =
    ' Models of earlier champions are deleted with their runs, except as many as operations.retention.champions says.';
  for await (const earlier of championsBackFrom(objects, champion, Number.POSITIVE_INFINITY)) {
    if ((await missingModelFiles(objects, earlier.serving)).length > 0) continue;
    return `${why} The newest one before it whose files are there is ${name(earlier)}: roll back with --run ${earlier.run}.`;
  }
  return `${why} None before it has its files any more.`;
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
    `The champion changed while ${name(champion)} was being promoted. So it is not promoted; the next run is compared with what is in service then.`,
  );
}

function isSameModel(a: Champion, b: Champion): boolean {
  return a.run === b.run && a.name === b.name;
}

/** Also tells a champion that stayed from one that was replaced and came back. */
export function isSamePointer(a: Champion | null, b: Champion | null): boolean {
  if (a === null || b === null) return a === b;
  return isSameModel(a, b) && a.promotedAt === b.promotedAt && a.rolledBackAt === b.rolledBackAt;
}

function name(champion: Champion | null): string {
  return champion === null ? 'no champion' : `${champion.name} of run ${champion.run}`;
}

function describe(current: Champion | undefined): string {
  if (current === undefined) return 'champion.json was deleted';
  const { promotedAt, rolledBackAt } = current;
  return rolledBackAt === undefined
    ? `${name(current)} was promoted (${promotedAt})`
    : `a rollback put ${name(current)} back into service (${rolledBackAt})`;
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
