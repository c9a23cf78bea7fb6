import { createHash } from 'node:crypto';
import * as z from 'zod';
import { historyKind } from '#lib/contracts/config/training.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { Scale } from '#lib/evaluation/rivals/evidence.ts';
import type { HistoryScorer } from '#lib/evaluation/rivals/history-scorer.ts';
import { restoreScorer } from '#lib/evaluation/rivals/pair-scorer.ts';

/*
 * One form for everything that can be served (docs/contracts.md, 6):
 *
 *   score(item | history, t) = sum_k w_k s_k(item | history) + sum_h v_h log(c_h(item, t) + epsilon)
 *
 * A network alone has a `model.json` of its own; everything else, rivals included, is a blend: `model.json` says what is
 * added up, `weights.bin` has the components' numbers one after the other.
 */

const networkPart = z.strictObject({
  kind: z.literal('network'),
  weight: z.number(),
  /** The network's own `model.json`; its offsets begin at `offset`. */
  description: z.unknown(),
  offset: z.int().min(0).multipleOf(4),
  bytes: z.int().min(0).multipleOf(4),
});

const unseenPart = z.strictObject({ kind: z.literal('unseen'), weight: z.number() });

const arraySpec = z.strictObject({
  name: z.string(),
  dtype: z.enum(['int32', 'float32']),
  /** Numbers, and where they begin in `weights.bin`, in bytes. */
  length: z.int().min(0),
  offset: z.int().min(0).multipleOf(4),
});

const historyPart = z.strictObject({
  kind: z.literal('history'),
  scorer: historyKind,
  weight: z.number(),
  scale: z.enum(['evidence', 'lift']),
  parameters: z.record(z.string(), z.number()),
  arrays: z.array(arraySpec),
});

const countTerms = z.strictObject({
  /** What an item that nobody has taken counts. */
  epsilon: z.number().positive(),
  /** Seconds, one of those that are kept fresh; null for all time. */
  terms: z.array(
    z.strictObject({ halfLife: z.number().positive().nullable(), weight: z.number() }),
  ),
});

/** What all weights follow, see lib/evaluation/moderators.ts. */
const moderatorPart = z.strictObject({
  kind: z.enum(['absence', 'recency']),
  /** Place among the counts' terms of the half-life that says what is popular now. */
  term: z.int().min(0),
  /** Added to the weights of the components, then of the terms, times the moderator's value. */
  weights: z.array(z.number()),
});

const blendDescription = z.strictObject({
  format: z.literal('lea-blend'),
  formatVersion: z.literal(1),
  items: z.int().min(1),
  /** Longest history that tells the components anything. */
  window: z.int().min(1),
  excludeHistory: z.boolean(),
  components: z.array(z.discriminatedUnion('kind', [networkPart, historyPart, unseenPart])),
  counts: countTerms,
  /** How often each item was taken in training; there where a component looks at it, all but networks. */
  trainingCounts: arraySpec.optional(),
  moderators: z.array(moderatorPart).optional(),
  /** When counts were read while the weights were fitted: right before a request, or the midnight (UTC) before it. */
  countedAsOf: z.enum(['request', 'night']).optional(),
  /** SHA-256 of `weights.bin`. */
  weightsHash: z.string().regex(/^[0-9a-f]{64}$/),
});

type BlendDescription = z.infer<typeof blendDescription>;
export type CountTerms = z.infer<typeof countTerms>;
export type BlendModerator = z.infer<typeof moderatorPart>;

/** A component with its weight. */
export type BlendPart =
  | {
      readonly kind: 'network';
      readonly weight: number;
      /** The parsed `model.json`, and `weights.bin`, of the network. */
      readonly description: unknown;
      readonly weights: Uint8Array;
    }
  | {
      readonly kind: 'history';
      readonly weight: number;
      readonly scorer: HistoryScorer;
      readonly scale: Scale;
    }
  /** 1 for items without a training action. */
  | { readonly kind: 'unseen'; readonly weight: number };

/** What a history says. */
export type HistoryPart = Extract<BlendPart, { kind: 'history' }>;

/** What is added up. */
export interface Blend {
  readonly items: number;
  readonly window: number;
  readonly excludeHistory: boolean;
  readonly components: readonly BlendPart[];
  readonly counts: CountTerms;
  /** How often each item was taken in training, item `i` at place `i - 1`; for all components but networks. */
  readonly trainingCounts?: Int32Array | undefined;
  readonly moderators?: readonly BlendModerator[] | undefined;
  readonly countedAsOf?: 'request' | 'night' | undefined;
}

/** Whether a parsed `model.json` is a blend's. */
export function isBlend(json: unknown): boolean {
  return (json as { format?: unknown } | null)?.format === 'lea-blend';
}

/** Whether a parsed `model.json` is that of a blend without a network, which needs no TensorFlow. */
export function isBlendOfHistories(json: unknown): boolean {
  const parsed = blendDescription.safeParse(json);
  return parsed.success && parsed.data.components.every(({ kind }) => kind === 'history');
}

/** The components of a blend that has no network. @throws ContractError if it has one */
export function historyParts({ components }: Blend): HistoryPart[] {
  return components.map((part) => {
    if (part.kind === 'history') return part;
    throw new ContractError('A blend with a network is not made of what histories say alone.');
  });
}

/** Writes `model.json` and `weights.bin` (little-endian). */
export function encodeBlend(blend: Blend): {
  readonly description: BlendDescription;
  readonly weights: Uint8Array;
} {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const add = (bytes: Uint8Array) => {
    parts.push(bytes);
    offset += bytes.length;
  };
  const addArray = (name: string, values: Int32Array | Float32Array) => {
    const { buffer, byteOffset, byteLength, length } = values;
    const dtype = values instanceof Int32Array ? ('int32' as const) : ('float32' as const);
    const spec = { name, dtype, length, offset };
    add(new Uint8Array(buffer, byteOffset, byteLength));
    return spec;
  };
  const components = blend.components.map((part): BlendDescription['components'][number] => {
    if (part.kind === 'network') {
      const begin = offset;
      add(part.weights);
      const { kind, weight, description } = part;
      return { kind, weight, description, offset: begin, bytes: part.weights.length };
    }
    if (part.kind === 'unseen') return { ...part };
    const { kind, weight, scorer, scale } = part;
    return {
      kind,
      scorer: scorer.kind as z.infer<typeof historyPart>['scorer'],
      weight,
      scale,
      parameters: { ...scorer.parameters },
      arrays: Object.entries(scorer.arrays).map(([name, values]) => addArray(name, values)),
    };
  });
  const trainingCounts = blend.trainingCounts && addArray('trainingCounts', blend.trainingCounts);
  const weights = Buffer.concat(parts);
  return {
    description: {
      format: 'lea-blend',
      formatVersion: 1,
      items: blend.items,
      window: blend.window,
      excludeHistory: blend.excludeHistory,
      components,
      counts: blend.counts,
      ...(trainingCounts && { trainingCounts }),
      ...(blend.moderators && { moderators: [...blend.moderators] }),
      ...(blend.countedAsOf && { countedAsOf: blend.countedAsOf }),
      weightsHash: createHash('sha256').update(weights).digest('hex'),
    },
    weights,
  };
}

/**
 * Reads what `encodeBlend` wrote.
 *
 * @param json the parsed `model.json`
 * @param bytes `weights.bin`
 * @throws ContractError if a key is missing, unknown or wrong, or the weights are not those described
 */
export function decodeBlend(json: unknown, bytes: Uint8Array): Blend {
  const parsed = blendDescription.safeParse(json);
  if (!parsed.success) {
    throw new ContractError(`model.json is not that of a blend: ${z.prettifyError(parsed.error)}`);
  }
  const { items, window, excludeHistory, components, counts, trainingCounts, weightsHash } =
    parsed.data;
  const { moderators, countedAsOf } = parsed.data;
  const width = components.length + counts.terms.length;
  const wrong = moderators?.find(
    ({ term, weights }) => weights.length !== width || term >= counts.terms.length,
  );
  if (wrong !== undefined) {
    throw new ContractError(
      `model.json: moderator "${wrong.kind}" needs ${width} weights, those of ${components.length} components and ${counts.terms.length} half-lives, and one of these to look at.`,
    );
  }
  if (createHash('sha256').update(bytes).digest('hex') !== weightsHash) {
    throw new ContractError(
      'weights.bin is not the file that model.json describes: it is damaged or belongs to another model. Roll back, or run a night.',
    );
  }
  const taken = trainingCounts && arrayOf(bytes, trainingCounts);
  const isNeeded = components.some(({ kind }) => kind !== 'network');
  const isWhole = taken instanceof Int32Array && taken.length === items;
  if ((isNeeded || taken !== undefined) && !isWhole) {
    throw new ContractError(`weights.bin does not have training counts of ${items} items.`);
  }
  return {
    items,
    window,
    excludeHistory,
    counts,
    ...(isWhole && { trainingCounts: taken }),
    ...(moderators && { moderators }),
    ...(countedAsOf && { countedAsOf }),
    components: components.map((part): BlendPart => {
      if (part.kind === 'network') {
        const { kind, weight, description, offset } = part;
        return { kind, weight, description, weights: bytes.subarray(offset, offset + part.bytes) };
      }
      if (part.kind === 'unseen') return { ...part };
      const { kind, scorer, weight, scale, parameters, arrays } = part;
      const own = Object.fromEntries(arrays.map((spec) => [spec.name, arrayOf(bytes, spec)]));
      return { kind, weight, scale, scorer: restoreScorer(scorer, parameters, own, items) };
    }),
  };
}

function arrayOf(
  bytes: Uint8Array,
  { name, dtype, length, offset }: z.infer<typeof arraySpec>,
): Int32Array | Float32Array {
  if (offset + 4 * length > bytes.length) {
    throw new ContractError(
      `weights.bin does not have the ${length} numbers "${name}" of model.json.`,
    );
  }
  const copy = copyOf(bytes, offset, length);
  return dtype === 'int32' ? new Int32Array(copy) : new Float32Array(copy);
}

/** A copy, so that the numbers are aligned whatever the file's own offset in memory. */
function copyOf(bytes: Uint8Array, offset: number, numbers: number): ArrayBuffer {
  return Uint8Array.from(bytes.subarray(offset, offset + 4 * numbers)).buffer;
}
