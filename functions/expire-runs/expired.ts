import { environments, runs, vectors } from '#lib/contracts/keys.ts';
import type { VectorsRegistration } from '#lib/environment/vectors-plan.ts';

/** An object's key and when it was written. */
export interface Aged {
  readonly key: string;
  readonly lastModified: Date;
}

/** What is kept whatever its age. */
export interface Kept {
  /** Prefixes of the models that are served, or that a rollback would serve. */
  readonly modelPrefixes: readonly string[];
  /** The environment that the next run may use again. */
  readonly environmentVersion: string | undefined;
  /** What the next run may take item vectors from. */
  readonly vectors: VectorsRegistration | undefined;
  /** The run whose users and items serving reads. */
  readonly everybody: string | undefined;
}

/** What of a run is large, or holds user ids; the small records (status, evaluation, report) stay for good. */
const bulk = [
  runs.bucketsPrefix,
  runs.sequencesPrefix,
  runs.allActionsPrefix,
  runs.everybodyPrefix,
  runs.cataloguePrefix,
  runs.itemVectors,
  runs.augmentedPrefix,
  runs.augmentationResultsPrefix,
  runs.environmentItems,
  runs.answersIndex,
  runs.jobsPrefix,
  runs.modelsPrefix,
  runs.refittedAllPrefix,
  (run: string) => runs.checkpointsPrefix(run, '').replace(/\/\/$/, '/'),
];

/**
 * The keys of runs and environments that nobody has written to since `before`.
 *
 * @param objects everything below `runs/`
 */
export function expiredRunKeys(objects: readonly Aged[], before: Date, kept: Kept): string[] {
  const old = groupByAge(objects, before);
  return old.flatMap(({ name, keys }) => {
    const prefixes = bulk.map((prefix) => prefix(name));
    return keys.filter(
      (key) =>
        prefixes.some((prefix) => key.startsWith(prefix)) &&
        !kept.modelPrefixes.some((prefix) => key.startsWith(prefix)) &&
        !isSource(key, kept),
    );
  });
}

/** What serving reads, item vectors that a next run may take, and the catalogue that they are of. */
function isSource(key: string, { vectors: made, everybody }: Kept): boolean {
  if (everybody !== undefined && key.startsWith(runs.everybodyPrefix(everybody))) return true;
  if (made === undefined) return false;
  return key === runs.itemVectors(made.run) || key === runs.catalogue(made.run);
}

/**
 * The keys of spaces that no run has read since `before`, but for the one that the next run may read: models have what
 * they took from a space in their own files.
 *
 * @param objects everything below `item-vectors/`
 */
export function expiredVectorKeys(objects: readonly Aged[], before: Date, kept: Kept): string[] {
  const space = kept.vectors?.space;
  return groupByAge(
    objects.filter(({ key }) => key !== vectors.latest),
    before,
    3,
  )
    .filter(({ name }) => name !== `${space?.baseModel}/${space?.name}`)
    .flatMap(({ keys }) => keys);
}

/** @param objects everything below `environments/` */
export function expiredEnvironmentKeys(
  objects: readonly Aged[],
  before: Date,
  kept: Kept,
): string[] {
  return groupByAge(
    objects.filter(({ key }) => key !== environments.latest),
    before,
  )
    .filter(({ name }) => name !== kept.environmentVersion)
    .flatMap(({ keys }) => keys);
}

/**
 * Groups keys by what is between the first part and the one after `depth`, and keeps the groups whose newest object is
 * older than `before`.
 */
function groupByAge(
  objects: readonly Aged[],
  before: Date,
  depth = 2,
): { name: string; keys: string[] }[] {
  const groups = new Map<string, { keys: string[]; newest: number }>();
  for (const { key, lastModified } of objects) {
    const name = key.split('/').slice(1, depth).join('/');
    const group = groups.get(name) ?? { keys: [], newest: 0 };
    group.keys.push(key);
    group.newest = Math.max(group.newest, lastModified.getTime());
    groups.set(name, group);
  }
  return [...groups]
    .filter(([, group]) => group.newest < before.getTime())
    .map(([name, { keys }]) => ({ name, keys }));
}
