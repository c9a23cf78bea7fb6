import * as z from 'zod';
import { ContractError } from '#lib/pipeline/errors.ts';

/** One point of the learning curve. */
export interface EpochRecord {
  readonly epoch: number;
  readonly step: number;
  /** Mean loss a target. */
  readonly loss: number;
  readonly 'validation_hr@10': number;
  readonly 'validation_ndcg@10': number;
}

/** Everything that training needs to go on exactly where it was. */
export interface CheckpointState {
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Batches of the next epoch that are done. */
  readonly batch: number;
  readonly step: number;
  /** Sum of loss times targets, and of targets, in the unfinished epoch. */
  readonly lossSum: number;
  readonly targetSum: number;
  readonly curve: readonly EpochRecord[];
  readonly bestEpoch: number;
  readonly bestNdcg: number;
  /** Served parameters of the best epoch. */
  readonly best: Readonly<Record<string, Float32Array>> | undefined;
  /** Parameters, target network and optimiser state. */
  readonly variables: Readonly<Record<string, Float32Array | Int32Array | Uint8Array>>;
}

/** The state before the first step. */
export function startState(): CheckpointState {
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    lossSum: 0,
    targetSum: 0,
    curve: [],
    bestEpoch: 0,
    bestNdcg: 0,
    best: undefined,
    variables: {},
  };
}

const header = z.strictObject({
  format: z.literal('lea-checkpoint'),
  formatVersion: z.literal(1),
  /** What the checkpoint belongs to; another model or other data must not go on from it. */
  fingerprint: z.string(),
  epoch: z.int(),
  batch: z.int(),
  step: z.int(),
  lossSum: z.number(),
  targetSum: z.number(),
  bestEpoch: z.int(),
  bestNdcg: z.number(),
  curve: z.array(
    z.strictObject({
      epoch: z.int(),
      step: z.int(),
      loss: z.number(),
      'validation_hr@10': z.number(),
      'validation_ndcg@10': z.number(),
    }),
  ),
  tensors: z.array(
    z.strictObject({
      group: z.enum(['variables', 'best']),
      name: z.string(),
      dtype: z.enum(['float32', 'int32', 'bool']),
      length: z.int().min(0),
    }),
  ),
});

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/**
 * One file: the header's length (uint32, little-endian), the header as JSON, then the tensors' bytes one after the
 * other, each padded to 4.
 */
export function encodeCheckpoint(state: CheckpointState, fingerprint: string): Uint8Array[] {
  const { variables, best, ...rest } = state;
  const tensors = [
    ...Object.entries(variables).map(([name, values]) => ({ group: 'variables', name, values })),
    ...Object.entries(best ?? {}).map(([name, values]) => ({ group: 'best', name, values })),
  ];
  const json = Buffer.from(
    JSON.stringify({
      format: 'lea-checkpoint',
      formatVersion: 1,
      fingerprint,
      ...rest,
      tensors: tensors.map(({ group, name, values }) => ({
        group,
        name,
        dtype: dtypeOf(values),
        length: values.length,
      })),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return [
    length,
    json,
    ...tensors.flatMap(({ values }) => {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const padding = -bytes.length & 3;
      return padding === 0 ? [bytes] : [bytes, new Uint8Array(padding)];
    }),
  ];
}

/**
 * Reads what `encodeCheckpoint` wrote.
 *
 * @returns undefined if the checkpoint belongs to another model or other data
 * @throws ContractError if the file is cut off or not a checkpoint
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  fingerprint: string,
): CheckpointState | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = bytes.byteLength < 4 ? 0 : view.getUint32(0, true);
  const parsed = header.safeParse(parseJson(bytes.subarray(4, 4 + headerLength)));
  if (!parsed.success) {
    throw new ContractError(`The checkpoint is damaged: ${z.prettifyError(parsed.error)}`);
  }
  const { format, formatVersion, fingerprint: own, tensors, ...state } = parsed.data;
  if (own !== fingerprint) return undefined;
  const groups: Record<'variables' | 'best', Record<string, Float32Array>> = {
    variables: {},
    best: {},
  };
  let offset = 4 + headerLength;
  for (const { group, name, dtype, length } of tensors) {
    const size = length * arrays[dtype].BYTES_PER_ELEMENT;
    if (offset + size > bytes.byteLength) {
      throw new ContractError(`The checkpoint is cut off within "${name}".`);
    }
    const copy = bytes.slice(offset, offset + size);
    groups[group][name] = new arrays[dtype](copy.buffer) as Float32Array;
    offset += size + (-size & 3);
  }
  return {
    ...state,
    variables: groups.variables,
    best: state.bestEpoch > 0 ? groups.best : undefined,
  };
}

function dtypeOf(values: Float32Array | Int32Array | Uint8Array): 'float32' | 'int32' | 'bool' {
  if (values instanceof Float32Array) return 'float32';
  return values instanceof Int32Array ? 'int32' : 'bool';
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
