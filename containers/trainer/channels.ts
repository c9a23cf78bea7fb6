import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ContractError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { partFile } from '#lib/contracts/keys.ts';
import { augmentedManifest } from '#lib/environment/augmented-manifest.ts';
import { type AugmentedShard, decodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { decodeItemVectors, type ItemVectors } from '#lib/environment/item-vectors.ts';
import type { BlendedNetwork } from '#lib/evaluation/network-blend.ts';
import type { NightsScorers } from '#lib/evaluation/rivals/fit-scorers.ts';
import type { CountedEvents } from '#lib/popularity/as-of.ts';
import { type CountedFor, EventsFrom } from '#lib/popularity/counted-events.ts';
import type { TrainingPart } from '#lib/recommender/data/training-rows.ts';
import { decodeParameters, type TrainedParameters } from '#lib/recommender/parameters-file.ts';
import type { EarlierModel } from '#lib/recommender/warm-start.ts';
import { allActionsManifest, expectWhole } from '#lib/sequences/all-actions.ts';
import { decodeEvaluationCases, type EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { decodeEventBatches } from '#lib/sequences/interaction-events.ts';
import { decodeItemTable, type ItemTable } from '#lib/sequences/item-table.ts';
import { type SequencesManifest, sequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeSequenceShard, type SequenceShard } from '#lib/sequences/shard.ts';
import { decodeScorers } from '#lib/serving/scorers-file.ts';
import { decodeNetwork } from './blend-files.ts';
import { openCheckpoint } from './checkpoints.ts';
import type { Folders } from './contract.ts';

/** What a run's sequences are in numbers, and its vocabulary. */
export interface VocabularyChannel {
  readonly itemTable: ItemTable;
  readonly manifest: SequencesManifest;
}

/** The same with the held-out cases. */
export interface EvaluationChannel extends VocabularyChannel {
  readonly validation: EvaluationCases;
  readonly test: EvaluationCases;
}

/** Reads of channel `sequences` what there is of items. */
export function readVocabulary(folders: Folders): VocabularyChannel {
  const channel = folders.channel('sequences');
  return {
    manifest: readJson(join(channel, 'manifest.json'), sequencesManifest),
    itemTable: decodeItemTable(readBytes(join(channel, 'items.arrow'))),
  };
}

/** Reads what is in channel `sequences` besides training shards and events. */
export function readEvaluation(folders: Folders): EvaluationChannel {
  const channel = folders.channel('sequences');
  return {
    ...readVocabulary(folders),
    validation: decodeEvaluationCases(readBytes(join(channel, 'evaluation/validation.arrow'))),
    test: decodeEvaluationCases(readBytes(join(channel, 'evaluation/test.arrow'))),
  };
}

/**
 * Reads everybody's actions as they come: what lies before the first request is only counted.
 *
 * @param items size of the vocabulary that they are counted in
 */
export async function readEvents(
  folders: Folders,
  items: number,
  requests: CountedFor,
): Promise<CountedEvents> {
  const path = join(folders.channel('sequences'), 'events.arrow');
  const events = new EventsFrom(items, requests);
  for await (const batch of decodeEventBatches(readStream(path))) events.add(batch);
  return events.end();
}

/**
 * Reads the training shards one after the other, each with the LE's answer to it. A shard whose answer failed, as the
 * manifest of the answers says, is trained on without the LE; if all are missing, the model cannot be what it is called.
 *
 * @throws MissingArtefactError for a shard or an answer that should be there and is not
 * @throws ContractError when the shards have other rows than the manifest says
 */
export function* readParts(
  folders: Folders,
  manifest: SequencesManifest,
  usesEnvironment: boolean,
): Generator<TrainingPart> {
  const sequences = folders.channel('sequences');
  const answers = usesEnvironment ? readAnswers(folders, manifest.shards) : undefined;
  let rows = 0;
  for (let part = 0; part < manifest.shards; part++) {
    const shard = decodeSequenceShard(readBytes(join(sequences, 'train', partFile(part))));
    rows += shard.users.length;
    yield { sequences: shard, augmented: answers?.(part) };
  }
  if (rows === manifest.trainSequences) return;
  throw new ContractError(
    `The training shards of ${sequences} have ${rows} rows, but manifest.json says ${manifest.trainSequences}: they are not of one build.`,
  );
}

/**
 * Rows of all actions of the run, held-out ones included, or of those before the test cases: read part by part, anew whenever
 * somebody goes through them.
 *
 * @throws MissingArtefactError for a part that is not there
 * @throws ContractError when they have other rows than their manifest says, or are of another build
 */
export function readAllActions(
  folders: Folders,
  { dataHash }: SequencesManifest,
  name: 'all-actions' | 'before-test' = 'all-actions',
): Iterable<SequenceShard> {
  const channel = folders.channel(name);
  const manifest = readJson(join(channel, 'manifest.json'), allActionsManifest);
  return {
    *[Symbol.iterator]() {
      let rows = 0;
      for (let part = 0; part < manifest.parts; part++) {
        const shard = decodeSequenceShard(readBytes(join(channel, partFile(part))));
        rows += shard.users.length;
        yield shard;
      }
      expectWhole(rows, manifest, dataHash, channel);
    },
  };
}

/** The training shards, read part by part, anew whenever somebody goes through them. @throws what `readParts` throws */
export function readTrainingShards(
  folders: Folders,
  manifest: SequencesManifest,
): Iterable<SequenceShard> {
  return {
    *[Symbol.iterator]() {
      for (const { sequences } of readParts(folders, manifest, false)) yield sequences;
    },
  };
}

/** The answer to a shard by its number; undefined for one that failed. */
function readAnswers(
  folders: Folders,
  shards: number,
): (part: number) => AugmentedShard | undefined {
  const channel = folders.channel('augmented');
  if (!existsSync(channel)) {
    throw new MissingArtefactError(
      `${channel} has no augmented shards, but the model uses the environment: start the job with channel "augmented".`,
    );
  }
  // By hand, answers come without a manifest: then none may be missing.
  const path = join(channel, 'manifest.json');
  const { missing } = existsSync(path) ? readJson(path, augmentedManifest) : { missing: [] };
  if (missing.length >= shards) {
    throw new MissingArtefactError(
      `${channel} has no augmented shards, but the model uses the environment: ask it again.`,
    );
  }
  const failed = new Set(missing);
  return (part) =>
    failed.has(part) ? undefined : decodeAugmentedShard(readBytes(join(channel, partFile(part))));
}

/** The vectors of the items' texts. */
export function readVectors(folders: Folders): ItemVectors {
  return decodeItemVectors(readBytes(join(folders.channel('vectors'), 'item-vectors.arrow')));
}

/** What the night has fitted for all that are joined with what rivals are made of (channel `rivals`). */
export function readScorers(folders: Folders): NightsScorers {
  const channel = folders.channel('rivals');
  const read = (name: string) =>
    decodeScorers(
      readJson(join(channel, name, 'model.json'), z.unknown()),
      readBytes(join(channel, name, 'weights.bin')),
    );
  return {
    training: read('training'),
    // Where this model is to answer test cases as it was trained, so is what it is joined with.
    beforeTest: hasChannel(folders, 'before-test') ? read('before-test') : undefined,
  };
}

/** All parameters of an existing model's best epoch. @throws ContractError if it was trained on other sequences */
export function readParameters(
  folders: Folders,
  { dataHash }: SequencesManifest,
): TrainedParameters {
  const path = join(folders.channel('model'), 'parameters.bin');
  if (!existsSync(path)) {
    throw new MissingArtefactError(
      `${path} is missing: an older release trained the model, which cannot be fitted on.`,
    );
  }
  return decodeParameters(openCheckpoint(path), dataHash);
}

const vocabularySchema = z.array(z.string());

/** The model of the same recipe that a training begins from (channel `warm`); undefined where it begins afresh. */
export function readEarlier(
  folders: Folders,
): (EarlierModel & { readonly run: string }) | undefined {
  if (!hasChannel(folders, 'warm')) return undefined;
  const channel = folders.channel('warm');
  const trained = z.looseObject({ run: z.string(), dataHash: z.string() });
  const { run, dataHash } = readJson(join(channel, 'manifest.json'), trained);
  const { parameters } = decodeParameters(
    openCheckpoint(join(channel, 'parameters.bin')),
    dataHash,
  );
  return { run, parameters, itemIds: readJson(join(channel, 'vocabulary.json'), vocabularySchema) };
}

export const hasChannel = (folders: Folders, name: string) => existsSync(folders.channel(name));

/** Cases of what arrived since the last night; undefined if there was none before. */
export function readArrived(folders: Folders): EvaluationCases | undefined {
  const path = join(folders.channel('sequences'), 'evaluation/arrived.arrow');
  return existsSync(path) ? decodeEvaluationCases(readBytes(path)) : undefined;
}

/** A network with what it is joined with, and the ids of its items, item `i` at place `i - 1`. */
export interface ReadModel {
  readonly judged: BlendedNetwork;
  readonly itemIds: string[];
}

/** Reads an existing recommender. */
export function readModel(folders: Folders, name: 'model' | 'serving' = 'model'): ReadModel {
  const channel = folders.channel(name);
  const description = readJson(join(channel, 'model.json'), z.unknown());
  return {
    judged: decodeNetwork(description, readBytes(join(channel, 'weights.bin'))),
    itemIds: readJson(join(channel, 'vocabulary.json'), vocabularySchema),
  };
}

/** @throws ContractError when it is no JSON, or not as the schema says */
function readJson<T>(path: string, schema: z.ZodType<T>): T {
  const text = readBytes(path).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ContractError(`${path} is damaged: it is not JSON.`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ContractError(`${path} is not as expected:\n${explain(result.error)}`);
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw missing(path, cause);
  }
}

async function* readStream(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (cause) {
    throw missing(path, cause);
  }
}

const missing = (path: string, cause: unknown) =>
  new MissingArtefactError(`${path} is missing from the job's input channel.`, { cause });
