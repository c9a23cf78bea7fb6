import * as z from 'zod';
import { ContractError } from '#lib/contracts/errors.ts';
import type { ElementType, TensorValues } from '#lib/graph/specification.ts';

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
  /** 0 while nothing has been judged, and where what a training began with is still the best. */
  readonly bestEpoch: number;
  readonly bestNdcg: number;
  /** Parameters of the best epoch, of the first network; undefined while nothing has been judged. */
  readonly best: Readonly<Record<string, Float32Array>> | undefined;
  /** Parameters, second network and optimiser state; undefined before the first step. */
  readonly variables: StoredVariables | undefined;
}

/** Variables that are read one at a time, since all of them at once may be gigabytes. */
export interface StoredVariables {
  /** Element type and number of elements by name. */
  readonly specs: Readonly<
    Record<string, { readonly dtype: ElementType; readonly length: number }>
  >;
  read(name: string): TensorValues;
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
    variables: undefined,
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
 * The parts of a checkpoint file, each made when it is asked for: the header's length (uint32, little-endian), the header
 * as JSON, then the tensors' bytes one after the other, each padded to 4.
 */
export function* encodeCheckpoint(
  state: CheckpointState,
  fingerprint: string,
): Generator<Uint8Array> {
  const { variables, best, ...rest } = state;
  const tensors = [
    ...Object.entries(variables?.specs ?? {}).map(([name, spec]) => ({
      group: 'variables' as const,
      name,
      ...spec,
    })),
    ...Object.entries(best ?? {}).map(([name, values]) => ({
      group: 'best' as const,
      name,
      dtype: 'float32' as const,
      length: values.length,
    })),
  ];
  const content = { format: 'lea-checkpoint', formatVersion: 1, fingerprint, ...rest, tensors };
  const json = Buffer.from(JSON.stringify(content));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  yield length;
  yield json;
  for (const { group, name } of tensors) {
    const values = group === 'best' ? best![name]! : variables!.read(name);
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const padding = -values.byteLength & 3;
    if (padding > 0) yield new Uint8Array(padding);
  }
}

/** A checkpoint file, of which parts are read. */
export interface CheckpointFile {
  readonly size: number;
  /** @returns `length` bytes from `offset` on, in memory of their own */
  read(offset: number, length: number): Uint8Array;
}

/**
 * Reads what `encodeCheckpoint` wrote. The variables are read from the file when they are asked for.
 *
 * @returns undefined if the checkpoint belongs to another model or other data
 * @throws ContractError if the file is cut off or not a checkpoint
 */
export function decodeCheckpoint(
  file: CheckpointFile,
  fingerprint: string,
): CheckpointState | undefined {
  const headerLength = file.size < 4 ? 0 : Buffer.from(file.read(0, 4)).readUInt32LE(0);
  const text = headerLength + 4 > file.size ? new Uint8Array(0) : file.read(4, headerLength);
  const parsed = header.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new ContractError(`The checkpoint is damaged: ${z.prettifyError(parsed.error)}`);
  }
  const { format: _, formatVersion: __, fingerprint: own, tensors, ...state } = parsed.data;
  if (own !== fingerprint) return undefined;
  const places = new Map<string, { offset: number; dtype: ElementType; length: number }>();
  let offset = 4 + headerLength;
  for (const { group, name, dtype, length } of tensors) {
    places.set(`${group}/${name}`, { offset, dtype, length });
    const bytes = length * arrays[dtype].BYTES_PER_ELEMENT;
    offset += bytes + (-bytes & 3);
  }
  if (offset > file.size) {
    throw new ContractError(
      `The checkpoint is cut off: ${file.size} of ${offset} bytes are there.`,
    );
  }
  const read = (key: string): TensorValues => {
    const { offset: from, dtype, length } = places.get(key)!;
    const bytes = file.read(from, length * arrays[dtype].BYTES_PER_ELEMENT);
    return new arrays[dtype](bytes.buffer as ArrayBuffer, bytes.byteOffset, length);
  };
  const inGroup = (wanted: string) => tensors.filter(({ group }) => group === wanted);
  return {
    ...state,
    variables: {
      specs: Object.fromEntries(
        inGroup('variables').map(({ name, dtype, length }) => [name, { dtype, length }]),
      ),
      read: (name) => read(`variables/${name}`),
    },
    best:
      inGroup('best').length === 0
        ? undefined
        : Object.fromEntries(
            inGroup('best').map(({ name }) => [name, read(`best/${name}`) as Float32Array]),
          ),
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
