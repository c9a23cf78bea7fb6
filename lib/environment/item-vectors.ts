import * as z from 'zod';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeColumns, utf8Column, vectorColumn } from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';

/** The schema's metadata of `item-vectors.arrow` (docs/contracts.md, "Item vectors"): where the vectors come from. */
export const itemVectorsOrigin = z.object({
  encoder: z.enum(['language-model', 'random-weights', 'tfidf']),
  /** The base model's name and where it came from, in words; empty for an encoder without one. */
  baseModel: z.string(),
  baseModelOrigin: z.string(),
  /** Layers read; 0 for an encoder without any. */
  layers: z.coerce.number().int().min(0),
  pooling: z.string(),
  precision: z.string(),
  /** Seed of the permutation among items; empty for none. */
  permute: z.string(),
  /** Names the map from raw vectors to these; vectors of one name can be compared. */
  whitening: z.string(),
});

export type ItemVectorsOrigin = z.infer<typeof itemVectorsOrigin>;

/** A vector for every item of the catalogue. */
export interface ItemVectors {
  readonly itemIds: readonly string[];
  readonly dimension: number;
  /** Row `i` belongs to `itemIds[i]`; over all rows each column has mean 0 and variance 1, `[items, dimension]`. */
  readonly vectors: Float32Array;
  readonly origin: ItemVectorsOrigin;
}

/**
 * Reads `item-vectors.arrow`.
 *
 * @param bytes the Arrow IPC stream; the vectors may be a view of it
 * @throws ContractError naming what does not follow the contract
 */
export function decodeItemVectors(bytes: Uint8Array): ItemVectors {
  const columns = decodeColumns(bytes, 'the item vectors');
  const origin = itemVectorsOrigin.safeParse(Object.fromEntries(columns.metadata));
  if (!origin.success) {
    throw new ContractError(
      `the item vectors: the schema's metadata do not follow the contract:\n${z.prettifyError(origin.error)}`,
      { cause: origin.error },
    );
  }
  const itemIds = columns.column('item_id').strings();
  const { dimension, values } = columns.column('vector').vectors();
  const vectors = values.float32();
  const wrong = vectors.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) {
    throw new ContractError(
      `the item vectors: row ${Math.floor(wrong / dimension)} has a number that is not finite; make the vectors again.`,
    );
  }
  return { itemIds, dimension, vectors, origin: origin.data };
}

/** Writes `item-vectors.arrow` as the environment's job does. */
export function encodeItemVectors({
  itemIds,
  dimension,
  vectors,
  origin,
}: ItemVectors): Uint8Array {
  const metadata = { ...origin, layers: String(origin.layers), dimension: String(dimension) };
  return encodeColumns(
    [utf8Column('item_id', itemIds), vectorColumn('vector', vectors, dimension)],
    metadata,
  );
}
