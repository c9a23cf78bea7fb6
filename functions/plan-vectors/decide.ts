import { listBaseModel } from '#functions/shared/base-model.ts';
import { channel } from '#lib/contracts/channel.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs, uploads, vectors } from '#lib/contracts/keys.ts';
import { encodesWithModel, usesTexts } from '#lib/contracts/needs.ts';
import { decodeItemVectors, encodeItemVectors } from '#lib/environment/item-vectors.ts';
import {
  reuseVectors,
  vectorsFingerprint,
  vectorsRegistration,
} from '#lib/environment/vectors-plan.ts';
import { decodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import type { Objects } from '#platform/objects.ts';

export interface VectorsDecision {
  /** A job has to make them. */
  readonly needed: boolean;
  /** What the vectors are made by, for whoever registers them. */
  readonly fingerprint: string;
  /** The job's input. */
  readonly channels: readonly object[];
}

/**
 * Decides whether a job has to read the catalogue's texts. It does not if no model wants them, if an earlier attempt has
 * them, or if every text had a vector before: those are then put together here.
 *
 * @throws MissingArtefactError when there is nothing to read, or nothing to read it with
 */
export async function planVectors(
  objects: Objects,
  run: string,
  config: PipelineConfig,
): Promise<VectorsDecision> {
  if (!usesTexts(config)) return { needed: false, fingerprint: '', channels: [] };
  const files = await filesOfEncoder(objects, config);
  const fingerprint = vectorsFingerprint(config.environment, files);
  if ((await objects.head(runs.itemVectors(run))) !== undefined) {
    return { needed: false, fingerprint, channels: [] };
  }
  if ((await objects.head(runs.catalogue(run))) === undefined) {
    throw new MissingArtefactError(
      `A model in training.models has "text", but run ${run} has no catalogue: upload one below ${uploads.catalogPrefix}, or leave "text" out.`,
    );
  }
  const needed = !(await wroteFromEarlier(objects, run, fingerprint));
  return {
    needed,
    fingerprint,
    channels: needed ? await channelsOf(objects, run, config) : [],
  };
}

/** Names and content tags of the base model's files, if the encoder wants one. */
async function filesOfEncoder(
  objects: Objects,
  config: PipelineConfig,
): Promise<[name: string, etag: string][]> {
  if (!encodesWithModel(config)) return [];
  const { baseModel } = config.environment;
  const files = await listBaseModel(objects, baseModel);
  if (files.length > 0) return files;
  throw new MissingArtefactError(
    `There is no base model "${baseModel}" to read the catalogue with: upload a Hugging Face folder to s3://${objects.bucket}/${uploads.baseModelPrefix(baseModel)}, or set environment.itemVectors.encoder to "tfidf".`,
  );
}

/** @returns true when every text of the run's catalogue was in the catalogue that vectors were made of last */
async function wroteFromEarlier(
  objects: Objects,
  run: string,
  fingerprint: string,
): Promise<boolean> {
  const latest = (await objects.getVersion(vectors.latest, vectorsRegistration))?.value;
  if (latest === undefined || latest.fingerprint !== fingerprint) return false;
  const keys = [runs.catalogue(latest.run), runs.itemVectors(latest.run)];
  const found = await Promise.all(keys.map((key) => objects.head(key)));
  if (found.includes(undefined)) return false;
  const reused = reuseVectors(decodeCatalogue(await objects.getBytes(runs.catalogue(run))), {
    catalogue: decodeCatalogue(await objects.getBytes(runs.catalogue(latest.run))),
    vectors: decodeItemVectors(await objects.getBytes(runs.itemVectors(latest.run))),
  });
  if (reused === undefined) return false;
  await objects.putBytes(runs.itemVectors(run), encodeItemVectors(reused));
  return true;
}

async function channelsOf(
  objects: Objects,
  run: string,
  config: PipelineConfig,
): Promise<object[]> {
  const uri = (key: string) => `s3://${objects.bucket}/${key}`;
  const { baseModel } = config.environment;
  const catalogue = channel('catalogue', uri(runs.cataloguePrefix(run)));
  if (!encodesWithModel(config)) return [catalogue];
  const store = vectors.sentences(baseModel);
  return [
    catalogue,
    channel('basemodel', uri(uploads.baseModelPrefix(baseModel))),
    // SageMaker refuses a channel without objects.
    ...((await isEmpty(objects, store)) ? [] : [channel('store', uri(store))]),
  ];
}

async function isEmpty(objects: Objects, prefix: string): Promise<boolean> {
  for await (const _ of objects.list(prefix)) return false;
  return true;
}
