import type { Layout } from '#lib/contracts/config/columns.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { createColumnMapping } from './columns.ts';
import type { CsvDialect } from './csv.ts';
import { type Beginning, dialects, findTable, namesOf } from './csv-header.ts';
import { type FileFormat, parseJsonRow } from './file-rows.ts';
import { foreignFormat } from './foreign-formats.ts';
import type { Framing } from './framing.ts';
import { findObjectEnd, objectStart } from './object-splitter.ts';
import { isRejection } from './reasons.ts';
import { requiredFields } from './rows.ts';
import type { UploadKind } from './upload-plan.ts';

/** How the content of a file, uncompressed, is to be read. */
export interface Content {
  readonly framing: Framing;
  /** Lines end in `\r`. */
  readonly carriageReturns: boolean;
  /** Bytes before the first row: a byte order mark, lines above a CSV header and the header. */
  readonly skipBytes: number;
  /** Number of the line with which the rows begin. */
  readonly firstLine: number;
  /** Column names of a CSV file; empty for a column without one. */
  readonly columns: string[] | null;
  /** What separates them. */
  readonly dialect: CsvDialect | null;
}

/** What is known of a file before its content is looked at. */
export interface FileFacts {
  readonly key: string;
  readonly kind: UploadKind;
  /** A Parquet file comes as the JSON lines of its rows. */
  readonly format: FileFormat;
  readonly layout: Layout;
}

/** So much of a file's beginning is enough to tell how to read it: a line of the largest size, and more. */
export const headBytes = (maximumLineBytes: number): number => maximumLineBytes + 64 * 1024;

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANKS = new Set(Buffer.from('\t\n\r '));
const OPEN_ARRAY = 91;
const OPEN_OBJECT = 123;
const BLANK = 32;
const COMMA = 44;

/**
 * Decides from a file's beginning how its rows are framed.
 *
 * @param head the first bytes, uncompressed: all of them, or at least `headBytes`
 * @param isWhole true when the file has no more bytes than these
 * @returns undefined when the file has no rows
 * @throws ValidationError when it cannot be read; the message says what it is and what to do
 */
export function inspectContent(
  head: Uint8Array,
  isWhole: boolean,
  file: FileFacts,
): Content | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const foreign = foreignFormat(bytes);
  if (foreign !== undefined) throw new ValidationError(`${file.key} ${foreign}`);
  const hasMark = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
  const start = hasMark ? BYTE_ORDER_MARK.length : 0;
  const first = bytes.findIndex((byte, at) => at >= start && !BLANKS.has(byte));
  if (first === -1 && isWhole) return undefined;
  const carriageReturns = !bytes.includes(LINE_FEED) && bytes.includes(CARRIAGE_RETURN);
  const begin = { bytes, start, first, isWhole, carriageReturns };
  return file.format === 'csv' ? inspectCsv(begin, file) : inspectJson(begin, file);
}

/** What a file has instead of sequences of ids: `JSON`, or `CSV with a header line`; undefined for neither. */
export function holdsInteractions(head: Uint8Array): string | undefined {
  // A byte order mark is white space as well.
  const text = Buffer.from(head).toString('utf8').trimStart();
  if (/^[[{]/.test(text)) return 'JSON';
  const line = text.split(/[\r\n]/, 1)[0]!;
  return isHeader(line, 'logs') ? 'CSV with a header line' : undefined;
}

/** A header line of our own names. */
const isHeader = (line: string, kind: UploadKind): boolean =>
  dialects.some((dialect) => {
    const names = namesOf(line, kind, dialect);
    return requiredFields[kind].every((name) => names.includes(name));
  });

function inspectJson(
  { bytes, start, first, carriageReturns }: Beginning,
  file: FileFacts,
): Content {
  const content = { carriageReturns, skipBytes: start, firstLine: 1, columns: null, dialect: null };
  if (isSeriesOfObjects(bytes, first)) {
    return { ...content, framing: 'objects', carriageReturns: false };
  }
  const line = bytes.toString('utf8', start).split(/[\r\n]/, 1)[0]!;
  if (isHeader(line, file.kind)) {
    throw new ValidationError(
      `${file.key} begins with the header line of a CSV file. Give it a name that ends in .csv.`,
    );
  }
  return { ...content, framing: 'lines' };
}

/**
 * True for a JSON array, for objects that follow each other on one line, and for objects over several lines; false for
 * one object per line, the first of which may be broken.
 */
function isSeriesOfObjects(bytes: Buffer, first: number): boolean {
  if (bytes[first] === OPEN_ARRAY) return true;
  const end = objectEnd(bytes, first);
  if (end === undefined) return false;
  const sameLine = passBlanks(bytes, end, (byte) => byte === BLANK || byte === TAB);
  if (bytes[sameLine] === OPEN_OBJECT || bytes[sameLine] === COMMA) return true;
  if (!bytes.subarray(first, end).includes(LINE_FEED)) return false;
  const second = passBlanks(bytes, end, (byte) => BLANKS.has(byte));
  const secondEnd = objectEnd(bytes, second) ?? bytes.length;
  return second === bytes.length || bytes.subarray(second, secondEnd).includes(LINE_FEED);
}

/** Where a whole JSON object ends that begins here; undefined when none does. */
function objectEnd(bytes: Buffer, start: number): number | undefined {
  const end = findObjectEnd(bytes, start, objectStart());
  // Where there is no end, at -1, this is an empty text.
  const object = bytes.toString('utf8', start, end);
  return isRejection(parseJsonRow(object)) ? undefined : end;
}

function passBlanks(bytes: Buffer, from: number, isBlank: (byte: number) => boolean): number {
  let at = from;
  while (isBlank(bytes[at]!)) at++;
  return at;
}

function inspectCsv(begin: Beginning, file: FileFacts): Content | undefined {
  const { bytes, first, isWhole, carriageReturns } = begin;
  if (bytes[first] === OPEN_OBJECT || bytes[first] === OPEN_ARRAY) {
    throw new ValidationError(`${file.key} holds JSON. Give it a name that ends in .jsonl.`);
  }
  const { needed } = createColumnMapping(file.kind, file.layout);
  const table = findTable(begin, { ...file, file: file.layout.file, needed });
  if (table === undefined) return undefined;
  if (isWhole && bytes.subarray(table.skipBytes).every((byte) => BLANKS.has(byte)))
    return undefined;
  return { framing: 'csv', carriageReturns, ...table };
}
