import {
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int32,
  List,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Uint8,
  Utf8,
} from 'apache-arrow';

/*
 * Columns of an Arrow IPC stream, made from typed arrays without a builder: what a builder does value by value is
 * one buffer here, so a million rows take milliseconds.
 */

/** One named column; all columns of a stream have the same number of rows. */
export interface Column {
  readonly name: string;
  readonly data: Data;
}

/** A column of strings. */
export function utf8Column(name: string, values: readonly string[]): Column {
  return { name, data: utf8Values(values) };
}

/** Values of strings, for a list. */
export function utf8Values(values: readonly string[]): Data {
  const valueOffsets = new Int32Array(values.length + 1); // [rows + 1], in bytes
  for (let row = 0; row < values.length; row++) {
    valueOffsets[row + 1] = valueOffsets[row]! + Buffer.byteLength(values[row]!);
  }
  const data = Buffer.alloc(valueOffsets[values.length]!);
  for (let row = 0; row < values.length; row++) data.write(values[row]!, valueOffsets[row]!);
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data });
}

/** A column of 32-bit integers. */
export function int32Column(name: string, values: Int32Array): Column {
  return { name, data: int32Values(ownMemory(values)) };
}

/** A column of 64-bit floats. */
export function float64Column(name: string, values: Float64Array): Column {
  return { name, data: float64Values(ownMemory(values)) };
}

/** A column of 32-bit floats. */
export function float32Column(name: string, values: Float32Array): Column {
  return { name, data: float32Values(ownMemory(values)) };
}

/** A column of unsigned bytes. */
export function uint8Column(name: string, values: Uint8Array): Column {
  const data = ownMemory(values);
  return { name, data: makeData({ type: new Uint8(), length: data.length, nullCount: 0, data }) };
}

/** A column of lists: list `i` is the values `offsets[i]` to `offsets[i + 1] - 1`. */
export function listColumn(name: string, offsets: Int32Array, values: Data): Column {
  return { name, data: listValues(offsets, values) };
}

/** Values of 32-bit integers, for a list. */
export function int32Values(values: Int32Array): Data {
  return makeData({ type: new Int32(), length: values.length, nullCount: 0, data: values });
}

/** Values of 32-bit floats, for a list. */
export function float32Values(values: Float32Array): Data {
  return makeData({ type: new Float32(), length: values.length, nullCount: 0, data: values });
}

/** Values of 64-bit floats, for a list. */
export function float64Values(values: Float64Array): Data {
  return makeData({ type: new Float64(), length: values.length, nullCount: 0, data: values });
}

/** Lists inside a list. */
export function listValues(offsets: Int32Array, values: Data): Data {
  return makeData({
    type: new List(new Field('item', values.type as DataType, false)),
    length: offsets.length - 1,
    nullCount: 0,
    valueOffsets: ownMemory(offsets),
    child: values,
  });
}

/** Vectors of one dimension inside a list, from float16 bits, shape `[vectors, dimension]`. */
export function float16Vectors(bits: Uint16Array, dimension: number): Data {
  const values = makeData({ type: new Float16(), length: bits.length, nullCount: 0, data: bits });
  return makeData({
    type: new FixedSizeList(dimension, new Field('item', new Float16(), false)),
    length: bits.length / dimension,
    nullCount: 0,
    child: values,
  });
}

/**
 * A copy. When Arrow 21 joins the buffers of a stream, it takes neighbours in one ArrayBuffer for one piece and writes
 * an array that comes twice in a row only once (`collapseContiguousByteRanges` in its util/buffer.ts), which damages
 * the stream. Columns often share their offsets, so offsets and plain columns get memory of their own; values of a
 * list always have offsets before them.
 */
function ownMemory<T extends Int32Array | Float32Array | Float64Array | Uint8Array>(values: T): T {
  return values.slice() as T;
}

/** A column of vectors of one dimension, `[vectors, dimension]`. */
export function vectorColumn(name: string, values: Float32Array, dimension: number): Column {
  const own = ownMemory(values);
  const data = makeData({
    type: new FixedSizeList(dimension, new Field('item', new Float32(), false)),
    length: own.length / dimension,
    nullCount: 0,
    child: makeData({ type: new Float32(), length: own.length, nullCount: 0, data: own }),
  });
  return { name, data };
}

/**
 * Puts columns into an Arrow IPC stream of one record batch.
 *
 * @param metadata the schema's own key-value pairs
 */
export function encodeColumns(
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const fields = columns.map(({ name, data }) => new Field(name, data.type as DataType, false));
  const data = makeData({
    type: new Struct(fields),
    length: columns[0]?.data.length ?? 0,
    nullCount: 0,
    children: columns.map((column) => column.data),
  });
  const batch = new RecordBatch(new Schema(fields, new Map(Object.entries(metadata))), data);
  return RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true);
}
