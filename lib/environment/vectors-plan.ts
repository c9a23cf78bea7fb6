import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { EnvironmentConfig } from '#lib/contracts/config/environment.ts';
import type { CatalogueTexts } from '#lib/sequences/catalogue-table.ts';
import type { ItemVectors } from './item-vectors.ts';

/** `item-vectors/latest.json`: which run made vectors last, and of what. Its catalogue and vectors are kept. */
export const vectorsRegistration = z.strictObject({
  run: z.string(),
  fingerprint: z.string(),
  /** The space of `item-vectors/<base model>/` that was read; null for an encoder without one. */
  space: z.strictObject({ baseModel: z.string(), name: z.string() }).nullable(),
  /** ISO 8601. */
  madeAt: z.string(),
});

export type VectorsRegistration = z.infer<typeof vectorsRegistration>;

/** `metrics.json` of a vectors job, as far as it is read here. */
export const vectorsMetrics = z.looseObject({
  items: z.int().min(1),
  /** Sentences that had no vector yet. */
  computed: z.int().min(0),
  /** Names all that decides a sentence's raw vector besides the sentence; empty for an encoder without a base model. */
  space: z.string(),
});

/**
 * What makes two jobs give a text the same vector, but for the catalogue that the whitening is fitted on.
 *
 * @param files of the base model, with a tag of their content; none for an encoder that does without
 */
export function vectorsFingerprint(
  { baseModel, itemVectors, itemTokens, seed }: EnvironmentConfig,
  files: readonly (readonly [name: string, etag: string])[],
): string {
  const model = itemVectors.encoder === 'tfidf' ? null : { baseModel, files };
  const { template } = itemTokens;
  const content = { itemVectors, template, model, seed: isSeeded(itemVectors) ? seed : null };
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

const isSeeded = ({ encoder }: EnvironmentConfig['itemVectors']) => encoder !== 'language-model';

/** An earlier catalogue and the vectors that a job has made of it, row by row. */
export interface EarlierVectors {
  readonly catalogue: CatalogueTexts;
  readonly vectors: ItemVectors;
}

/**
 * The vectors of a catalogue, every text of which was in an earlier one: rows of that one, by the same map. A map stays
 * in use until a text is new, or more than half of the items that it was fitted on have gone.
 *
 * @returns undefined when a job has to make them
 */
export function reuseVectors(
  catalogue: CatalogueTexts,
  earlier: EarlierVectors,
): ItemVectors | undefined {
  const { vectors, dimension, origin } = earlier.vectors;
  // A permutation hands vectors to items, not to texts.
  if (origin.permute !== '') return undefined;
  if (2 * catalogue.itemIds.length < earlier.catalogue.itemIds.length) return undefined;
  const rows = new Map<string, number>();
  for (let row = 0; row < earlier.catalogue.itemIds.length; row++) {
    rows.set(textOf(earlier.catalogue, row), row);
  }
  const own = new Float32Array(catalogue.itemIds.length * dimension); // [items, dimension]
  for (let item = 0; item < catalogue.itemIds.length; item++) {
    const row = rows.get(textOf(catalogue, item));
    if (row === undefined) return undefined;
    own.set(vectors.subarray(row * dimension, (row + 1) * dimension), item * dimension);
  }
  return { itemIds: catalogue.itemIds, dimension, vectors: own, origin };
}

/** All that a sentence can be made from. */
const textOf = ({ titles, fields }: CatalogueTexts, row: number) =>
  JSON.stringify([titles[row], fields[row]]);
