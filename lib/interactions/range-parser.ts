import { isAscii, isUtf8 } from 'node:buffer';
import { parseCsvRow, parseJsonRow } from './file-rows.ts';
import { createHashSet } from './hash-set.ts';
import type { UploadPlan } from './plan.ts';
import { type Checked, isRejection, type Rejection, reject } from './reasons.ts';
import { createRecordSplitter, type RawRecord } from './records.ts';
import { checkInteraction, checkItem, type FileRow, type Interaction, type Item } from './rows.ts';
import { createTally, type Tally } from './tally.ts';
import { DAY_SECONDS } from './timestamps.ts';

/** Lines to write: JSON lines, each with its line break. */
export interface ParsedText {
  readonly rows: string;
  readonly quarantine: string;
}

/** One line of `quarantine/`. */
export interface QuarantinedRow extends Rejection {
  readonly file: string;
  readonly line: number;
  /** The row as it was, as far as it is text; the beginning, if it is very long. */
  readonly row: string;
}

/**
 * Parses and checks one range of an upload while its bytes (uncompressed) stream by.
 *
 * The output depends on the plan, the bytes and the known items alone. Repeated rows (same user, item, timestamp and
 * event type; for items, the same in everything) are dropped and counted; repetitions across ranges are left to
 * whoever reads the ranges together.
 *
 * @param knownItems the items of `plan.catalogue`; undefined when that is empty
 */
export function createRangeParser(
  plan: UploadPlan,
  range: number,
  knownItems: ReadonlySet<string> | undefined,
) {
  const { format, kind, key, columns, settings } = plan;
  const rules = {
    maximumIdLength: settings.maximumIdLength,
    latestTimestamp: Date.parse(plan.arrivedAt) / 1000 + DAY_SECONDS,
    knownItems,
  };
  const firstLine = plan.ranges[range]!.firstLine;
  const tally = createTally(kind, plan.upload, plan.ranges.length);
  const seen = createHashSet();
  let rows: string[] = [];
  let quarantine: string[] = [];
  let headerPending = format === 'csv' && range === 0;

  function parse(text: string): Checked<FileRow> {
    return format === 'csv' ? parseCsvRow(text, columns ?? []) : parseJsonRow(text);
  }

  function check(row: FileRow, line: number): Checked<Interaction | Item> {
    if (kind === 'catalog') return checkItem(row, rules);
    tally.fields(row);
    return checkInteraction(row, rules, line);
  }

  function keep(row: Interaction | Item) {
    if (!seen.add(...identity(row))) {
      tally.duplicate();
      return;
    }
    if ('user_id' in row) tally.interaction(row);
    else tally.item(row);
    rows.push(JSON.stringify(row), '\n');
  }

  function refuse({ reason, detail }: Rejection, line: number, row: string) {
    tally.rejection({ reason, detail }, line);
    const entry: QuarantinedRow = { file: key, line, reason, detail, row };
    quarantine.push(JSON.stringify(entry), '\n');
  }

  const decode = createDecoder();
  const splitter = createRecordSplitter(
    { quotes: format === 'csv', maximumLineBytes: settings.maximumLineBytes, firstLine },
    (record) => {
      const { text, valid } = decode(record);
      if (headerPending) {
        headerPending = false;
        return;
      }
      if (text.trim() === '') return;
      const problem = problemOf(record, valid, settings.maximumLineBytes);
      const parsed = problem ?? parse(text);
      const checked = isRejection(parsed) ? parsed : check(parsed.row, record.line);
      if (isRejection(checked)) refuse(checked, record.line, text);
      else keep(checked.row);
    },
  );

  function take(): ParsedText {
    const text = { rows: asLines(rows), quarantine: asLines(quarantine) };
    rows = [];
    quarantine = [];
    return text;
  }

  return {
    /** Takes the next bytes. @returns what can be written */
    push(chunk: Uint8Array): ParsedText {
      splitter.push(chunk);
      return take();
    },
    /** Takes the end of the range. @returns what is left to write */
    end(): ParsedText {
      splitter.end();
      return take();
    },
    tally: (): Tally => tally.result(),
  };
}

/** Joins JSON texts; the two line separators that JSON allows inside texts are escaped, as some readers break at them. */
function asLines(parts: readonly string[]): string {
  return parts.join('').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** What makes two rows the same. */
function identity(row: Interaction | Item): string[] {
  if (!('user_id' in row)) return [JSON.stringify(row)];
  return [row.user_id, row.item_id, String(row.timestamp), row.event_type ?? ''];
}

function problemOf(
  record: RawRecord,
  valid: boolean,
  maximumLineBytes: number,
): Rejection | undefined {
  if (record.problem === 'line-too-long') {
    return reject(
      'line-too-long',
      `the line has ${record.length} bytes; at most ${maximumLineBytes} are allowed`,
    );
  }
  if (!valid) return reject('not-utf8', 'the line has bytes that are not UTF-8');
  if (record.problem === 'broken-csv') {
    return reject('broken-csv', 'a quoted field is not closed, or text follows its closing quote');
  }
  return undefined;
}

/**
 * Decodes records. Whole chunks are checked at once, since nearly all of them are valid; only in one that is not is
 * every record checked.
 */
function createDecoder() {
  let checked: Buffer | undefined;
  let ascii = false;
  let utf8 = false;

  return ({ bytes, start, end, line }: RawRecord): { text: string; valid: boolean } => {
    if (bytes !== checked) {
      checked = bytes;
      ascii = isAscii(bytes);
      utf8 = ascii || isUtf8(bytes);
    }
    if (ascii) return { text: bytes.toString('latin1', start, end), valid: true };
    const valid = utf8 || isUtf8(bytes.subarray(start, end));
    const text = bytes.toString('utf8', start, end);
    return { text: line === 1 ? text.replace(/^\uFEFF/, '') : text, valid };
  };
}
