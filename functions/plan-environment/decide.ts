import { listBaseModel } from '#functions/shared/base-model.ts';
import { hasForgottenSince } from '#functions/shared/forgotten.ts';
import { unansweredShards } from '#functions/shared/shards.ts';
import { channel } from '#lib/contracts/channel.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { environments, runs, uploads } from '#lib/contracts/keys.ts';
import { usesEnvironment } from '#lib/contracts/needs.ts';
import { encodeItemMap } from '#lib/environment/item-map.ts';
import {
  chooseEnvironment,
  type EnvironmentPlan,
  type EnvironmentRegistration,
  environmentFingerprint,
  environmentPlan,
  environmentRegistration,
  newestAnswers,
  ownVersion,
} from '#lib/environment/version.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';
import { addNewItems, matchVocabulary, readVocabulary } from './vocabulary.ts';

export interface EnvironmentDecision {
  readonly version: string;
  /** It has been fitted already. */
  readonly fresh: boolean;
  /** Some training shard has no augmented one yet. */
  readonly augmentationNeeded: boolean;
  /** Input of the job that fits it, if one has to. */
  readonly channels: readonly object[];
}

/** Decides whether a run needs the LE, and whether one that has been fitted before will do. */
export async function planEnvironment(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  sequences: SequencesManifest,
  now: Date,
): Promise<EnvironmentDecision> {
  const wanted = usesEnvironment(config);
  const { version, startsFrom } = await fixPlan(objects, run, config, sequences, now);
  return {
    version,
    fresh: (await objects.head(environments.registration(version))) !== undefined,
    augmentationNeeded:
      wanted && (await unansweredShards(objects, run, sequences.shards)).length > 0,
    channels: channelsOf(objects, run, config, startsFrom),
  };
}

function channelsOf(
  { bucket }: Objects,
  run: string,
  { environment }: PipelineConfig,
  startsFrom: string | null,
): object[] {
  const prefixes = {
    sequences: runs.sequencesPrefix(run),
    basemodel: uploads.baseModelPrefix(environment.baseModel),
    ...(startsFrom !== null && { earlier: environments.folder(startsFrom) }),
  };
  return Object.entries(prefixes).map(([name, key]) => channel(name, `s3://${bucket}/${key}`));
}

/** What an earlier attempt planned holds: half of the shards may have been augmented with it. */
async function fixPlan(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  sequences: SequencesManifest,
  now: Date,
): Promise<EnvironmentPlan> {
  const fixed = await objects.getVersion(runs.environmentPlan(run), environmentPlan);
  if (fixed !== undefined) return fixed.value;
  const fingerprint = environmentFingerprint({
    config: config.environment,
    window: config.sequences.window,
    excludeHistory: sequences.excludeHistory,
    baseModel: await listBaseModel(objects, config.environment.baseModel),
  });
  const plan = usesEnvironment(config)
    ? await planUse(objects, run, config, fingerprint, now)
    : {
        version: ownVersion({ run, fingerprint }),
        fingerprint,
        answersOf: null,
        newItems: 0,
        startsFrom: null,
      };
  await objects.putIfAbsent(runs.environmentPlan(run), toJson(plan));
  return objects.getJson(runs.environmentPlan(run), environmentPlan);
}

/**
 * Chooses an environment and gives every item of the run's vocabulary an index in it: the one that it has always had, or
 * the next one, with its text.
 */
async function planUse(
  objects: Objects,
  run: string,
  { environment }: PipelineConfig,
  fingerprint: string,
  now: Date,
): Promise<EnvironmentPlan> {
  const latest = (await objects.getVersion(environments.latest, environmentRegistration))?.value;
  const { maximumAgeDays, maximumNewShare } = environment;
  const own = ownVersion({ run, fingerprint });
  const { version } = chooseEnvironment(latest, { run, fingerprint, maximumAgeDays }, now);
  const vocabulary = await readVocabulary(objects, run);
  if (version !== own) {
    const match = await matchVocabulary(objects, version, vocabulary);
    if (match !== undefined && match.newShare <= maximumNewShare) {
      await addNewItems(objects, version, vocabulary, match);
      await objects.putBytes(runs.environmentItems(run), encodeItemMap(match.indices));
      const answersOf = await findAnswers(objects, version);
      return { version, fingerprint, answersOf, newItems: match.newRows.length, startsFrom: null };
    }
  }
  // The run will fit it on its own vocabulary, in its order.
  const indices = Int32Array.from(vocabulary.itemIds, (_, row) => row + 1);
  await objects.putBytes(runs.environmentItems(run), encodeItemMap(indices));
  const startsFrom = environment.warmStart
    ? await findStart(objects, latest, { own, fingerprint })
    : null;
  return { version: own, fingerprint, answersOf: null, newItems: 0, startsFrom };
}

/** The environment whose weights one that is fitted tonight may begin with: the last one, if it is made alike and is there, and knows nobody who was forgotten. */
async function findStart(
  objects: Objects,
  latest: EnvironmentRegistration | undefined,
  { own, fingerprint }: { readonly own: string; readonly fingerprint: string },
): Promise<string | null> {
  if (latest === undefined || latest.fingerprint !== fingerprint || latest.version === own) {
    return null;
  }
  if (await hasForgottenSince(objects, new Date(latest.fittedAt))) return null;
  const found = await objects.head(environments.items(latest.version));
  return found === undefined ? null : latest.version;
}

/** The run that has the newest answers of an environment, as long as its files are there. */
async function findAnswers(objects: Objects, version: string): Promise<string | null> {
  const newest = await objects.getVersion(environments.answers(version), newestAnswers);
  if (newest === undefined) return null;
  const { run } = newest.value;
  const needed = [runs.answersIndex(run), runs.environmentItems(run)];
  const found = await Promise.all(needed.map((key) => objects.head(key)));
  return found.includes(undefined) ? null : run;
}
