import { parse as parseCsv } from 'csv-parse/sync';
import * as z from 'zod';
import type { ItemReader } from './definition-schema.ts';
import { StateError } from './errors.ts';
import type { Json } from './payload.ts';
import { inStandardPartition } from './resources.ts';
import type { Visit } from './visit.ts';

export const LIST_OBJECTS = 'arn:aws:states:::s3:listObjectsV2';
export const GET_OBJECT = 'arn:aws:states:::s3:getObject';

const DELIMITERS = { COMMA: ',', PIPE: '|', SEMICOLON: ';', SPACE: ' ', TAB: '\t' } as const;

const listArguments = z.strictObject({ Bucket: z.string().min(1), Prefix: z.string().optional() });
const getArguments = z.strictObject({ Bucket: z.string().min(1), Key: z.string().min(1) });

/**
 * The items of a distributed Map state that reads them from S3.
 *
 * @throws StateError `States.ItemReaderFailed` when the object is missing or not what `ReaderConfig` says
 */
export async function readItems(reader: ItemReader, visit: Visit): Promise<Json[]> {
  const args = await visit.evaluate(reader.Arguments, 'ItemReader.Arguments');
  const maxItems =
    reader.ReaderConfig?.MaxItems === undefined
      ? Number.POSITIVE_INFINITY
      : await visit.evaluateNumber(
          reader.ReaderConfig.MaxItems,
          'ItemReader.ReaderConfig.MaxItems',
          { least: 1 },
        );
  const items =
    inStandardPartition(reader.Resource) === LIST_OBJECTS
      ? await listItems(checkArguments(listArguments, args, visit), maxItems, visit)
      : await objectItems(checkArguments(getArguments, args, visit), reader, visit);
  return items.length > maxItems ? items.slice(0, maxItems) : items;
}

function checkArguments<T>(schema: z.ZodType<T>, args: Json, visit: Visit): T {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  throw readerError(visit, `Arguments are wrong: ${z.prettifyError(parsed.error)}`);
}

function readerError(visit: Visit, problem: string, cause?: unknown): StateError {
  return new StateError(
    'States.ItemReaderFailed',
    `The ItemReader of the state '${visit.path}' failed: ${problem}`,
    { cause },
  );
}

/** Items `{Etag, Key, LastModified, Size, StorageClass}`, `LastModified` in Unix seconds. */
async function listItems(
  { Bucket, Prefix = '' }: z.infer<typeof listArguments>,
  maxItems: number,
  visit: Visit,
): Promise<Json[]> {
  const items: Json[] = [];
  try {
    for await (const object of visit.frame.services.objects.list(Bucket, Prefix)) {
      items.push({
        Etag: object.etag,
        Key: object.key,
        LastModified: Math.floor(object.lastModified.getTime() / 1000),
        Size: object.size,
        StorageClass: object.storageClass,
      });
      if (items.length === maxItems) break;
    }
  } catch (error) {
    throw readerError(
      visit,
      `s3://${Bucket}/${Prefix} cannot be listed: ${(error as Error).message}`,
      error,
    );
  }
  return items;
}

async function objectItems(
  { Bucket, Key }: z.infer<typeof getArguments>,
  reader: ItemReader,
  visit: Visit,
): Promise<Json[]> {
  const address = `s3://${Bucket}/${Key}`;
  let bytes: Uint8Array;
  try {
    bytes = await visit.frame.services.objects.get(Bucket, Key);
  } catch (error) {
    throw readerError(visit, `${address} cannot be read: ${(error as Error).message}`, error);
  }
  try {
    // Fatal, because a replaced byte would be lost data; the decoder drops a byte order mark.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return parseItems(text, reader.ReaderConfig ?? {});
  } catch (error) {
    throw readerError(visit, `${address}: ${(error as Error).message}`, error);
  }
}

/**
 * The items in an object's text.
 *
 * @throws Error what is wrong with the text, and where
 */
export function parseItems(text: string, config: NonNullable<ItemReader['ReaderConfig']>): Json[] {
  switch (config.InputType) {
    case 'CSV':
      return parseCsvItems(text, config);
    case 'JSONL':
      return parseJsonLines(text);
    default:
      return parseJsonArray(text, config.ItemsPointer);
  }
}

function parseJsonArray(text: string, pointer: string | undefined): Json[] {
  let value: unknown = JSON.parse(text);
  for (const token of pointerTokens(pointer ?? '')) {
    value =
      value !== null && typeof value === 'object' && Object.hasOwn(value, token)
        ? (value as Record<string, unknown>)[token]
        : undefined;
  }
  if (!Array.isArray(value)) {
    throw new Error(`there is no JSON array at ${pointer ? `ItemsPointer ${pointer}` : 'its top'}`);
  }
  return value as Json[];
}

/** The tokens of a JSON pointer (RFC 6901). */
function pointerTokens(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function parseJsonLines(text: string): Json[] {
  const items: Json[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      items.push(JSON.parse(line) as Json);
    } catch (error) {
      throw new Error(`line ${index + 1} is not JSON: ${(error as Error).message}`);
    }
  }
  return items;
}

/** Items are objects of strings by column name; missing columns of a row are empty, surplus ones left out. */
function parseCsvItems(text: string, config: NonNullable<ItemReader['ReaderConfig']>): Json[] {
  const rows: string[][] = parseCsv(text, {
    delimiter: DELIMITERS[config.CSVDelimiter ?? 'COMMA'],
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const headers = config.CSVHeaderLocation === 'GIVEN' ? config.CSVHeaders! : (rows.shift() ?? []);
  return rows.map((row) =>
    Object.fromEntries(headers.map((header, column) => [header, row[column] ?? ''])),
  );
}
