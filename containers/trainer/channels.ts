import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { explain } from '#lib/contracts/config.ts';
import { ContractError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { partOf } from '#lib/contracts/keys.ts';
import { decodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import type { TrainingPart } from '#lib/recommender/data/training-rows.ts';
import { decodeModel, type RecommenderModel } from '#lib/recommender/model-file.ts';
import { decodeEvaluationCases, type EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { decodeItemTable, type ItemTable } from '#lib/sequences/item-table.ts';
import { type SequencesManifest, sequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import type { Folders } from './contract.ts';

/** The held-out cases of a run and its vocabulary. */
export interface EvaluationChannel {
  readonly itemTable: ItemTable;
  readonly manifest: SequencesManifest;
  readonly validation: EvaluationCases;
  readonly test: EvaluationCases;
}

/** Reads what is in channel `sequences` besides the training shards. */
export function readEvaluation(folders: Folders): EvaluationChannel {
  const channel = folders.channel('sequences');
  return {
    manifest: readJson(join(channel, 'manifest.json'), sequencesManifest),
    itemTable: decodeItemTable(readBytes(join(channel, 'items.arrow'))),
    validation: decodeEvaluationCases(readBytes(join(channel, 'evaluation/validation.arrow'))),
    test: decodeEvaluationCases(readBytes(join(channel, 'evaluation/test.arrow'))),
  };
}

/**
 * Reads the training shards one after the other, each with the LE's answer to it. A shard whose augmentation failed is
 * trained on without the LE; if all are missing, the model cannot be what it is called.
 */
export function* readParts(
  folders: Folders,
  { shards }: SequencesManifest,
  usesEnvironment: boolean,
): Generator<TrainingPart> {
  const train = join(folders.channel('sequences'), 'train');
  const files = listShards(train);
  const missing = Array.from({ length: shards }, (_, part) => part).filter(
    (part) => !files.some((file) => partOf(file) === part),
  );
  if (files.length !== shards || missing.length > 0) {
    const which = missing.length === 0 ? '' : `, part ${missing.slice(0, 5).join(', ')} is missing`;
    throw new MissingArtefactError(
      `${train} has ${files.length} training shards, the manifest says ${shards}${which}. Build the sequences again.`,
    );
  }
  const augmented = folders.channel('augmented');
  const answered = new Set(usesEnvironment ? listShards(augmented) : []);
  if (usesEnvironment && answered.size === 0) {
    throw new MissingArtefactError(
      `${augmented} has no augmented shards, but the model uses the environment: start the job with channel "augmented".`,
    );
  }
  for (const file of files) {
    yield {
      sequences: decodeSequenceShard(readBytes(join(train, file))),
      augmented: answered.has(file)
        ? decodeAugmentedShard(readBytes(join(augmented, file)))
        : undefined,
    };
  }
}

const vocabularySchema = z.array(z.string());

/** Reads an existing recommender with the ids of its items, item `i` at place `i - 1`. */
export function readModel(folders: Folders): { model: RecommenderModel; itemIds: string[] } {
  const channel = folders.channel('model');
  const description = readJson(join(channel, 'model.json'), z.unknown());
  return {
    model: decodeModel(description, readBytes(join(channel, 'weights.bin'))),
    itemIds: readJson(join(channel, 'vocabulary.json'), vocabularySchema),
  };
}

function listShards(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => partOf(file) !== -1)
    .sort((a, b) => partOf(a) - partOf(b));
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
    throw new MissingArtefactError(`${path} is missing from the job's input channel.`, { cause });
  }
}
