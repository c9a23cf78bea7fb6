import { RecordBatchReader, RecordBatchStreamWriter, type Utf8 } from 'apache-arrow';
import { ContractError } from '#lib/contracts/errors.ts';

/**
 * Takes rows out of an Arrow IPC stream, whatever its other columns: what is left are slices of its batches.
 *
 * @param gone values of column `user_id`
 * @returns the stream without them and how many they were; undefined if there is none of them
 * @throws ContractError if it is no stream with a column `user_id`
 */
export function withoutArrowRows(
  bytes: Uint8Array,
  gone: ReadonlySet<string>,
  where: string,
): { readonly bytes: Uint8Array; readonly rows: number } | undefined {
  const reader = RecordBatchReader.from(bytes).open();
  // Gone once all has been read.
  const { schema } = reader;
  const batches = [...reader];
  const column = schema.fields.findIndex(({ name }) => name === 'user_id');
  if (column === -1) throw new ContractError(`${where} has no column "user_id".`);
  let rows = 0;
  const kept = batches.flatMap((batch) => {
    const users = batch.getChildAt<Utf8>(column)!;
    const slices = [];
    let begin = 0;
    for (let row = 0; row <= batch.numRows; row++) {
      if (row < batch.numRows && !gone.has(users.get(row)!)) continue;
      if (row > begin) slices.push(batch.slice(begin, row));
      if (row < batch.numRows) rows++;
      begin = row + 1;
    }
    return slices;
  });
  if (rows === 0) return undefined;
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const batch of kept) writer.write(batch);
  writer.finish();
  return { bytes: writer.toUint8Array(true), rows };
}
