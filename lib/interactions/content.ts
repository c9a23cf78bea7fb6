import { isUtf8 } from 'node:buffer';
import { ValidationError } from '#lib/contracts/errors.ts';
import { type FileFormat, parseCsvHeader, parseJsonRow } from './file-rows.ts';
import { foreignFormat } from './foreign-formats.ts';
import type { Framing } from './framing.ts';
import { findObjectEnd, objectStart } from './object-splitter.ts';
import { isRejection } from './reasons.ts';
import { createRecordSplitter } from './records.ts';
import { interactionFields, requiredFields } from './rows.ts';
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
}

/** What is known of a file before its content is looked at. */
export interface FileFacts {
  readonly key: string;
  readonly kind: UploadKind;
  readonly format: FileFormat;
}

/** So much of a file's beginning is enough to tell how to read it: a line of the largest size, and more. */
export const headBytes = (maximumLineBytes: number): number => maximumLineBytes + 64 * 1024;

export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANKS = new Set(Buffer.from('\t\n\r '));
const OPEN_ARRAY = 91;
const OPEN_OBJECT = 123;
const BLANK = 32;
const COMMA = 44;
/** A header line is looked for in so many lines, to say where it is. */
const LINES_SEARCHED = 20;

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
  const text = Buffer.from(head)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (/^[[{]/.test(text)) return 'JSON';
  const [line = ''] = text.split(/[\r\n]/, 1);
  return missingColumns(namesOf(line, 'logs'), 'logs').length === 0
    ? 'CSV with a header line'
    : undefined;
}

interface Beginning {
  readonly bytes: Buffer;
  /** Behind a byte order mark. */
  readonly start: number;
  /** The first byte that is not blank; -1 when there is none. */
  readonly first: number;
  readonly isWhole: boolean;
  readonly carriageReturns: boolean;
}

function inspectJson(
  { bytes, start, first, carriageReturns }: Beginning,
  file: FileFacts,
): Content {
  const content = { carriageReturns, skipBytes: start, firstLine: 1, columns: null };
  if (isSeriesOfObjects(bytes, first)) {
    return { ...content, framing: 'objects', carriageReturns: false };
  }
  const [line = ''] = bytes.toString('utf8', start).split(/[\r\n]/, 1);
  if (missingColumns(namesOf(line, file.kind), file.kind).length === 0) {
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
  if (bytes[start] !== OPEN_OBJECT) return undefined;
  const end = findObjectEnd(bytes, start, objectStart());
  if (end === -1 || isRejection(parseJsonRow(bytes.toString('utf8', start, end)))) return undefined;
  return end;
}

function passBlanks(bytes: Buffer, from: number, isBlank: (byte: number) => boolean): number {
  let at = from;
  while (at < bytes.length && isBlank(bytes[at]!)) at++;
  return at;
}

function inspectCsv(begin: Beginning, file: FileFacts): Content | undefined {
  const { bytes, first, isWhole, carriageReturns } = begin;
  const { key, kind } = file;
  if (bytes[first] === OPEN_OBJECT || bytes[first] === OPEN_ARRAY) {
    throw new ValidationError(`${key} holds JSON. Give it a name that ends in .jsonl.`);
  }
  const header = findHeader(begin);
  if (header === undefined) {
    if (isWhole) return undefined;
    throw new ValidationError(`${key} has no header line in its first ${bytes.length} bytes.`);
  }
  if (!isUtf8(header.bytes)) {
    throw new ValidationError(`The header line of ${key} is not UTF-8 text. Save it as UTF-8.`);
  }
  const columns = namesOf(header.bytes.toString('utf8'), kind);
  const missing = missingColumns(columns, kind);
  if (missing.length > 0) {
    throw new ValidationError(
      `The header line of ${key} has no ${missing.join(', ')}; it needs ${requiredFields[kind].join(', ')}.${hint(begin, header, columns, kind)}`,
    );
  }
  const twice = columns.find((name, i) => name !== '' && columns.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ValidationError(
      `The header line of ${key} names the column "${twice}" twice; names must differ.`,
    );
  }
  const { nextOffset: skipBytes, nextLine: firstLine } = header;
  if (isWhole && bytes.subarray(skipBytes).every((byte) => BLANKS.has(byte))) return undefined;
  return { framing: 'csv', carriageReturns, skipBytes, firstLine, columns };
}

const namesOf = (line: string, kind: UploadKind) =>
  parseCsvHeader(line, kind === 'logs' ? interactionFields : requiredFields.catalog);

const missingColumns = (columns: readonly string[], kind: UploadKind) =>
  requiredFields[kind].filter((name) => !columns.includes(name));

/** A record at the beginning of a file. */
interface FirstRecord {
  readonly bytes: Buffer;
  readonly line: number;
  readonly nextOffset: number;
  readonly nextLine: number;
}

/**
 * The first record that may be a header line: neither blank, nor a comment, nor the line with which spreadsheets say
 * the separator. Those are passed by lines, for a quote in them means nothing.
 */
function findHeader({
  bytes,
  start,
  isWhole,
  carriageReturns,
}: Beginning): FirstRecord | undefined {
  let offset = start;
  let line = 1;
  const lineBreak = carriageReturns ? CARRIAGE_RETURN : LINE_FEED;
  for (;;) {
    const end = bytes.indexOf(lineBreak, offset);
    const text = bytes.toString('utf8', offset, end === -1 ? bytes.length : end).trim();
    if (text !== '' && !text.startsWith('#') && !/^"?sep=.?"?$/i.test(text)) break;
    if (end === -1) return undefined;
    offset = end + 1;
    line++;
  }
  let header: FirstRecord | undefined;
  const options = {
    quotes: true,
    carriageReturns,
    maximumLineBytes: bytes.length,
    firstLine: line,
  };
  const splitter = createRecordSplitter(options, (record) => {
    header ??= {
      bytes: Buffer.from(record.bytes.subarray(record.start, record.end)),
      line: record.line,
      nextOffset: offset + record.nextOffset,
      nextLine: record.nextLine,
    };
  });
  splitter.push(bytes.subarray(offset));
  if (isWhole) splitter.end();
  return header;
}

/** What may be the matter with a header line that lacks a column. */
function hint(
  { bytes, start }: Beginning,
  header: FirstRecord,
  columns: readonly string[],
  kind: UploadKind,
): string {
  const text = header.bytes.toString('utf8');
  if (columns.length === 1 && /[;\t|]|::/.test(text)) return ' Separate by commas.';
  const lines = bytes.toString('utf8', start).split(/\r\n|\r|\n/, LINES_SEARCHED);
  const at = lines.findIndex((line) => missingColumns(namesOf(line, kind), kind).length === 0);
  if (at !== -1) {
    return ` Line ${at + 1} looks like the header line; leave out what stands above it.`;
  }
  if (columns.some((name) => /^\d+(\.\d+)?$/.test(name))) {
    return ' The first line looks like a row; write a header line above it.';
  }
  return '';
}
