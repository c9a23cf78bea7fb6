import { createHash } from 'node:crypto';
import * as z from 'zod';
import { backbone } from '#lib/contracts/config/training.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { BackboneShape } from './backbones/backbone.ts';
import { sizeOf, type Weights } from './parameters.ts';

const description = z.strictObject({
  format: z.literal('lea-recommender'),
  formatVersion: z.literal(1),
  backbone,
  dimension: z.int().min(1),
  blocks: z.int().min(1),
  heads: z.int().min(1),
  window: z.int().min(1),
  /** Models from before there was a choice counted from the start. */
  positionsFrom: z.enum(['end', 'start']).default('start'),
  /** Attention sees how old actions are; in a model that does not, left out. */
  timeAttention: z.boolean().default(false),
  /** Actions of one time are a basket; left out where every action is by itself. */
  baskets: z.boolean().default(false),
  items: z.int().min(1),
  excludeHistory: z.boolean(),
  /** SHA-256 of `weights.bin`; models from before it was written have none. */
  weightsHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  weights: z.array(
    z.strictObject({
      name: z.string().min(1),
      shape: z.array(z.int().min(1)),
      /** `uint8` for codes of items, `item_codes`. */
      dtype: z.enum(['float32', 'uint8']),
      offset: z.int().min(0).multipleOf(4),
    }),
  ),
});

/** `model.json` (docs/contracts.md, 6). */
export type ModelDescription = z.input<typeof description>;

/** A recommender as two files, and in memory: what serving needs, nothing of the Q head, the LE or the optimiser. */
export interface RecommenderModel {
  readonly backbone: ModelDescription['backbone'];
  readonly shape: BackboneShape;
  /** Lists are shown without the items of the history. */
  readonly excludeHistory: boolean;
  readonly weights: ReadonlyMap<string, Weights>;
}

/**
 * Writes `model.json` and `weights.bin` (float32, little-endian).
 *
 * @throws ContractError if a weight is not a finite number
 */
export function encodeModel(model: RecommenderModel): {
  readonly description: ModelDescription;
  readonly weights: Uint8Array;
} {
  let offset = 0;
  const entries = [...model.weights].map(([name, { shape, values }]) => {
    expectFinite(name, values);
    const dtype = values instanceof Uint8Array ? ('uint8' as const) : ('float32' as const);
    const entry = { name, shape: [...shape], dtype, offset };
    offset += 4 * Math.ceil(values.byteLength / 4);
    return entry;
  });
  const bytes = new Uint8Array(offset);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry) => {
    const { values } = model.weights.get(entry.name)!;
    if (isLittleEndian || values instanceof Uint8Array) {
      bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), entry.offset);
    } else {
      values.forEach((value, index) => {
        view.setFloat32(entry.offset + 4 * index, value, true);
      });
    }
  });
  const { dimension, blocks, heads, window, positionsFrom, items } = model.shape;
  const { timeAttention, baskets } = model.shape;
  return {
    description: {
      format: 'lea-recommender',
      formatVersion: 1,
      backbone: model.backbone,
      dimension,
      blocks,
      heads,
      window,
      positionsFrom,
      ...(timeAttention && { timeAttention }),
      ...(baskets && { baskets }),
      items,
      excludeHistory: model.excludeHistory,
      weightsHash: hashOf(bytes),
      weights: entries,
    },
    weights: bytes,
  };
}

/**
 * Reads what `encodeModel` wrote.
 *
 * @param json the parsed `model.json`
 * @param bytes `weights.bin`
 * @throws ContractError if a key is missing, unknown or wrong, the weights do not lie within the file, are not those that
 *   were written, or are not finite numbers
 */
export function decodeModel(json: unknown, bytes: Uint8Array): RecommenderModel {
  const parsed = description.safeParse(json);
  if (!parsed.success) {
    throw new ContractError(
      `model.json is not that of a recommender: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { backbone, excludeHistory, weights, weightsHash, ...shape } = parsed.data;
  const { dimension, blocks, heads, window, positionsFrom, items } = shape;
  const { timeAttention, baskets } = shape;
  for (const { name, shape, dtype, offset } of weights) {
    const end = offset + (dtype === 'uint8' ? 1 : 4) * sizeOf(shape);
    if (end <= bytes.byteLength) continue;
    throw new ContractError(
      `weights.bin has ${bytes.byteLength} bytes, but "${name}" lies at ${offset} to ${end}; the file is cut off or belongs to another model.json.`,
    );
  }
  if (weightsHash !== undefined && weightsHash !== hashOf(bytes)) {
    throw new ContractError(
      'weights.bin is not the file that model.json was written with: it is damaged, or belongs to another model.',
    );
  }
  return {
    backbone,
    shape: { items, dimension, blocks, heads, window, positionsFrom, timeAttention, baskets },
    excludeHistory,
    weights: new Map(
      weights.map(({ name, shape, dtype, offset }): [string, Weights] => {
        if (dtype === 'uint8') {
          // Not `slice`: that of a Buffer shares memory.
          return [
            name,
            { shape, values: Uint8Array.from(bytes.subarray(offset, offset + sizeOf(shape))) },
          ];
        }
        const values = readFloats(bytes, offset, sizeOf(shape));
        expectFinite(name, values);
        return [name, { shape, values }];
      }),
    ),
  };
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function expectFinite(name: string, values: Float32Array | Uint8Array): void {
  if (values instanceof Uint8Array) return;
  for (let index = 0; index < values.length; index++) {
    if (Number.isFinite(values[index])) continue;
    throw new ContractError(
      `Weight ${index} of "${name}" is ${values[index]}: the training diverged. Lower the learning rate of this model, or take another loss.`,
    );
  }
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Copies, so that the values are aligned whatever the file's own offset in memory. */
function readFloats(bytes: Uint8Array, offset: number, length: number): Float32Array {
  if (isLittleEndian) {
    const values = new Float32Array(length);
    // Not `slice`: that of a Buffer shares memory.
    new Uint8Array(values.buffer).set(bytes.subarray(offset, offset + 4 * length));
    return values;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 4 * length);
  return Float32Array.from({ length }, (_, index) => view.getFloat32(4 * index, true));
}
