import { type Data, DataType, type RecordBatch, RecordBatchReader } from 'apache-arrow';
import { ContractError, PipelineError } from '#lib/contracts/errors.ts';

/*
 * Columns of an Arrow IPC stream as typed arrays: no value object is made, and where a stream has one record batch
 * (all of ours do) nothing is copied. Any number of batches is accepted, other writers split streams.
 */

/** Values `begin` to `begin + length - 1` of one buffer of one record batch. */
export interface Chunk {
  readonly data: Data;
  readonly begin: number;
  readonly length: number;
}

/** The lists of a column and, one level down, their values. */
export interface ListColumn {
  /** Where each list begins in the values, `[lists + 1]`, from 0. */
  readonly offsets: Int32Array;
  readonly values: ColumnValues;
}

/** A decoded stream; columns are taken by name and checked for their type when they are. */
export interface Columns {
  readonly rows: number;
  /** The schema's own key-value pairs. */
  readonly metadata: ReadonlyMap<string, string>;
  has(name: string): boolean;
  /** @throws ContractError if there is no such column */
  column(name: string): ColumnValues;
}

/**
 * Opens an Arrow IPC stream.
 *
 * @param bytes the stream; the typed arrays that come out may be views of it
 * @param what the stream's role, for messages, as "the training shard"
 * @throws ContractError if it is not one
 */
export function decodeColumns(bytes: Uint8Array, what: string): Columns {
  // Typed arrays over the stream need its alignment; a slice of a pooled Buffer may lack it.
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const batches: RecordBatch[] = [];
  let names: string[];
  let metadata: ReadonlyMap<string, string>;
  try {
    const reader = RecordBatchReader.from(aligned).open();
    if (!reader.schema) throw new Error('it has no schema');
    names = reader.schema.fields.map((field) => field.name);
    metadata = reader.schema.metadata;
    for (const batch of reader) batches.push(batch);
  } catch (error) {
    throw new ContractError(
      `${what} is not a readable Arrow IPC stream (${bytes.byteLength} bytes): ${(error as Error).message}. Write it again.`,
      { cause: error },
    );
  }
  return columnsOf(batches, names, metadata, what);
}

/**
 * The record batches of a stream one after the other, as its bytes come: no more of it is in memory than one of them.
 *
 * @param what the stream's role, for messages
 * @throws ContractError if it is no Arrow IPC stream, or ends too early
 */
export async function* decodeBatches(
  bytes: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Columns> {
  try {
    const reader = await RecordBatchReader.from(bytes);
    await reader.open();
    if (!reader.schema) throw new Error('it has no schema');
    const { fields, metadata } = reader.schema;
    const names = fields.map((field) => field.name);
    for await (const batch of reader) yield columnsOf([batch], names, metadata, what);
  } catch (error) {
    // What the source of the bytes says of itself.
    if (error instanceof PipelineError) throw error;
    throw new ContractError(
      `${what} is not a readable Arrow IPC stream: ${(error as Error).message}. Write it again.`,
      { cause: error },
    );
  }
}

function columnsOf(
  batches: readonly RecordBatch[],
  names: readonly string[],
  metadata: ReadonlyMap<string, string>,
  what: string,
): Columns {
  return {
    rows: batches.reduce((rows, batch) => rows + batch.numRows, 0),
    metadata,
    has: (name) => names.includes(name),
    column: (name) => {
      const index = names.indexOf(name);
      if (index === -1) {
        throw new ContractError(
          `${what} has no column "${name}"; it has ${names.map((other) => `"${other}"`).join(', ')}.`,
        );
      }
      const chunks = batches.map((batch) => {
        const data = batch.data.children[index]!;
        return { data, begin: 0, length: data.length };
      });
      return new ColumnValues(chunks, `${what}: column "${name}"`);
    },
  };
}

/** The values of a column, or of the lists in one. Each method throws ContractError if the type is another. */
export class ColumnValues {
  readonly #chunks: readonly Chunk[];
  readonly #where: string;

  constructor(chunks: readonly Chunk[], where: string) {
    this.#chunks = chunks;
    this.#where = where;
    for (const { data, begin, length } of chunks) {
      if (data.nullCount === 0) continue;
      for (let index = begin; index < begin + length; index++) {
        if (!data.getValid(index)) {
          throw new ContractError(`${where} has a null at value ${index}; nulls are not allowed.`);
        }
      }
    }
  }

  get length(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  strings(): string[] {
    this.#expect('utf8', DataType.isUtf8);
    const strings = new Array<string>(this.length);
    let at = 0;
    for (const { data, begin, length } of this.#chunks) {
      const bytes = data.values as Uint8Array;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const offsets = data.valueOffsets as Int32Array;
      for (let index = begin; index < begin + length; index++) {
        strings[at++] = text.toString('utf8', offsets[index]!, offsets[index + 1]!);
      }
    }
    return strings;
  }

  /** The strings of some rows, ascending: of a column of long texts no others are made. */
  stringsAt(rows: Int32Array): string[] {
    this.#expect('utf8', DataType.isUtf8);
    const strings: string[] = [];
    let before = 0; // rows of earlier chunks
    for (const { data, begin, length } of this.#chunks) {
      const bytes = data.values as Uint8Array;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const offsets = data.valueOffsets as Int32Array;
      for (; strings.length < rows.length; ) {
        const index = rows[strings.length]! - before;
        if (index >= length) break;
        strings.push(text.toString('utf8', offsets[begin + index]!, offsets[begin + index + 1]!));
      }
      before += length;
    }
    return strings;
  }

  int32(): Int32Array {
    this.#expect('int32', (type) => DataType.isInt(type) && type.bitWidth === 32 && type.isSigned);
    return this.#join((length) => new Int32Array(length));
  }

  uint8(): Uint8Array {
    this.#expect('uint8', (type) => DataType.isInt(type) && type.bitWidth === 8 && !type.isSigned);
    return this.#join((length) => new Uint8Array(length));
  }

  float32(): Float32Array {
    this.#expect('float32', (type) => DataType.isFloat(type) && type.precision === 1);
    return this.#join((length) => new Float32Array(length));
  }

  float64(): Float64Array {
    this.#expect('float64', (type) => DataType.isFloat(type) && type.precision === 2);
    return this.#join((length) => new Float64Array(length));
  }

  /** The bits of 16-bit floats. */
  float16(): Uint16Array {
    this.#expect('float16', (type) => DataType.isFloat(type) && type.precision === 0);
    return this.#join((length) => new Uint16Array(length));
  }

  list(): ListColumn {
    this.#expect('list', DataType.isList);
    const offsets = new Int32Array(this.length + 1);
    const children: Chunk[] = [];
    let at = 0;
    let shift = 0;
    for (const { data, begin, length } of this.#chunks) {
      const from = data.valueOffsets as Int32Array;
      const first = length === 0 ? 0 : from[begin]!;
      for (let index = 0; index < length; index++) {
        offsets[++at] = from[begin + index + 1]! - first + shift;
      }
      const count = length === 0 ? 0 : from[begin + length]! - first;
      children.push({ data: data.children[0]!, begin: first, length: count });
      shift += count;
    }
    return { offsets, values: new ColumnValues(children, `${this.#where}, list values`) };
  }

  /** Fixed-size vectors: their common size (0 if there is no batch) and all their numbers, `[vectors, dimension]`. */
  vectors(): { readonly dimension: number; readonly values: ColumnValues } {
    this.#expect('fixed_size_list', DataType.isFixedSizeList);
    const dimension = (this.#chunks[0]?.data.type as { listSize?: number })?.listSize ?? 0;
    const children = this.#chunks.map(({ data, begin, length }) => ({
      data: data.children[0]!,
      begin: begin * dimension,
      length: length * dimension,
    }));
    return { dimension, values: new ColumnValues(children, `${this.#where}, vector values`) };
  }

  #expect(expected: string, is: (type: DataType) => boolean): void {
    const found = this.#chunks[0]?.data.type as DataType | undefined;
    if (found !== undefined && !is(found)) {
      throw new ContractError(`${this.#where} is ${found}, expected ${expected}.`);
    }
  }

  #join<T extends Int32Array | Float32Array | Float64Array | Uint16Array | Uint8Array>(
    create: (length: number) => T,
  ): T {
    const parts = this.#chunks.map(
      ({ data, begin, length }) => data.values.subarray(begin, begin + length) as T,
    );
    if (parts.length === 1) return parts[0]!;
    const joined = create(this.length);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }
}

/**
 * Checks that two list columns of a stream have lists of the same lengths.
 *
 * @throws ContractError that names the first row where they do not
 */
export function expectSameLengths(
  what: string,
  [nameA, a]: readonly [string, Int32Array],
  [nameB, b]: readonly [string, Int32Array],
): void {
  for (let row = 0; row + 1 < Math.max(a.length, b.length); row++) {
    const lengthA = a[row + 1]! - a[row]!;
    const lengthB = b[row + 1]! - b[row]!;
    if (lengthA !== lengthB) {
      throw new ContractError(
        `${what}: row ${row} has ${lengthB} values in column "${nameB}" but ${lengthA} in "${nameA}"; they must be as many.`,
      );
    }
  }
}
