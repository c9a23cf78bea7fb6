import { runs } from '#lib/contracts/keys.ts';
import type { VectorsRegistration } from '#lib/environment/vectors-plan.ts';
import type { Objects } from '#platform/objects.ts';

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
  /** The run whose catalogue everybody begins with who reads it. */
  readonly catalogue: string | undefined;
}

/** What of a run is large, or holds user ids; the small records (status, evaluation, report) stay for good. */
const bulk = [
  runs.bucketsPrefix,
  runs.sequencesPrefix,
  runs.allActionsPrefix,
  runs.beforeTestPrefix,
  runs.fittedRivalsPrefix,
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

/** Tells which keys of a run that is old enough are deleted. */
export function expiredOfRun(run: string, kept: Kept): (key: string) => boolean {
  const prefixes = bulk.map((prefix) => prefix(run));
  return (key) =>
    prefixes.some((prefix) => key.startsWith(prefix)) &&
    !kept.modelPrefixes.some((prefix) => key.startsWith(prefix)) &&
    !isSource(key, kept);
}

/** What serving reads, the catalogue, item vectors that a next run may take, and the catalogue that they are of. */
function isSource(key: string, { vectors: made, everybody, catalogue }: Kept): boolean {
  if (catalogue !== undefined && key.startsWith(runs.cataloguePrefix(catalogue))) return true;
  if (everybody !== undefined && key.startsWith(runs.everybodyPrefix(everybody))) return true;
  if (made === undefined) return false;
  return key === runs.itemVectors(made.run) || key === runs.catalogue(made.run);
}

/** Keys that one request deletes. */
const atOnce = 1000;

/**
 * Deletes what is below a folder, if nobody has written there since `before`. A folder in use is left at the first object
 * that says so, and an old one is looked through twice: its keys are never in memory together.
 *
 * @param isExpired which of its keys go
 * @returns how many objects were deleted
 */
export async function expireFolder(
  objects: Pick<Objects, 'list' | 'remove'>,
  prefix: string,
  before: Date,
  isExpired: (key: string) => boolean = () => true,
): Promise<number> {
  for await (const { lastModified } of objects.list(prefix)) {
    if (lastModified >= before) return 0;
  }
  let removed = 0;
  let expired: string[] = [];
  const flush = async () => {
    await objects.remove(expired);
    removed += expired.length;
    expired = [];
  };
  for await (const { key, lastModified } of objects.list(prefix)) {
    if (lastModified < before && isExpired(key) && expired.push(key) === atOnce) await flush();
  }
  await flush();
  return removed;
}
