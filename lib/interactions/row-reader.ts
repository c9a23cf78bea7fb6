import { isAscii, isUtf8 } from 'node:buffer';
import type { FileLayout } from '#lib/contracts/config/columns.ts';
import { createColumnMapping, layoutOf } from './columns.ts';
import { decodeText } from './encoding.ts';
import { parseCsvRow, parseJsonRow } from './file-rows.ts';
import { createRowSplitter } from './framing.ts';
import { createHashSet } from './hash-set.ts';
import { type Checked, isRejection, type Rejection, reject } from './reasons.ts';
import type { RawRecord } from './records.ts';
import {
  checkInteraction,
  checkItem,
  type FileRow,
  type Interaction,
  type Item,
  type Note,
  namedFields,
  type RowListener,
  type RowRules,
} from './rows.ts';
import { knownBy } from './spellings.ts';
import { createTally, type Tally } from './tally.ts';
import { DAY_SECONDS } from './timestamps.ts';
import type { UploadPlan } from './upload-plan.ts';

/** Where the rows of a file go. */
export interface RowSink {
  /** A row that can be used, for the first time. */
  good(row: Interaction | Item): void;
  /**
   * A row that cannot be used.
   *
   * @param text the row as it was, as far as it is text; the beginning, if it is very long
   * @returns true if it is kept
   */
  bad(rejection: Rejection, line: number, text: string): boolean;
}

/**
 * Reads one range of a file, uncompressed, as its bytes come: the one reader of what teams upload, whichever door it
 * comes in by.
 *
 * What goes to the sink depends on the plan, the bytes and the known items alone. Repeated rows (same user, item,
 * timestamp and event type; for items, the same in everything) are dropped and counted; repetitions across ranges are
 * left to whoever reads the ranges together.
 *
 * @param knownItems the items of the catalogue; undefined without one
 */
export function createRowReader(
  plan: UploadPlan,
  range: number,
  knownItems: ReadonlySet<string> | undefined,
  sink: RowSink,
) {
  const { format, kind, columns, settings } = plan;
  const layout = layoutOf(settings, kind);
  const mapping = createColumnMapping(kind, layout);
  const { encoding } = layout.file;
  const rowsBegin = plan.ranges[0]!.firstLine;
  const { maximumLineBytes } = settings;
  const tally = createTally(kind, plan.upload, plan.ranges.length);
  const seen = createHashSet();
  const noted: Note[] = [];
  const spelled = new Map<string, ReturnType<typeof knownBy>>();
  let skip = range === 0 ? plan.skipBytes : 0;

  const rules: RowRules = {
    maximumIdLength: settings.maximumIdLength,
    latestTimestamp: Date.parse(plan.arrivedAt) / 1000 + DAY_SECONDS,
    knownItems,
  };
  const listener: RowListener = {
    note: (note) => noted.push(note),
    leftOut: tally.leftOut,
    unknown(item) {
      const others = spelled.get(item) ?? knownBy(item, knownItems!);
      if (spelled.size < REMEMBERED) spelled.set(item, others);
      for (const other of others) tally.unknownBut(other);
    },
  };

  function parse(text: string): Checked<FileRow> {
    return format === 'csv'
      ? parseCsvRow(text, columns!, plan.dialect ?? undefined)
      : parseJsonRow(text, namedFields[kind]);
  }

  function check(row: FileRow, line: number): Checked<Interaction | Item> {
    noted.length = 0;
    return kind === 'catalog'
      ? checkItem(row, rules, listener)
      : checkInteraction(row, rules, line, listener);
  }

  function turnDown(rejection: Rejection, line: number, text: string) {
    tally.rejection(rejection, line);
    if (sink.bad(rejection, line, text)) tally.kept();
    if (rejection.reason !== 'unknown-item') return;
    for (const note of noted) if (isOfUnknown.has(note)) tally.note(note);
  }

  function keep(row: Interaction | Item) {
    if (!seen.add(...identity(row))) {
      tally.duplicate();
      return;
    }
    if ('user_id' in row) tally.interaction(row);
    else tally.item(row);
    for (const note of noted) tally.note(note);
    sink.good(row);
  }

  const hasHeader = columns !== null && layout.file.names === null;
  const repeatsHeader = (row: FileRow): boolean =>
    hasHeader && columns.every((name) => name === '' || nameOf(row[name], kind) === name);

  const decode = createDecoder(encoding);
  const splitter = createRowSplitter(
    {
      framing: plan.framing,
      dialect: plan.dialect,
      carriageReturns: plan.carriageReturns,
      maximumLineBytes,
      firstLine: plan.ranges[range]!.firstLine,
    },
    (record) => {
      const { text, valid } = decode(record);
      if (text.trim() === '') return;
      const problem = problemOf(record, valid, maximumLineBytes);
      const parsed = problem ?? parse(text);
      if (isRejection(parsed)) {
        turnDown(parsed, record.line, text);
        return;
      }
      if (repeatsHeader(parsed.row)) {
        tally.repeatedHeader();
        return;
      }
      const mapped = mapping.map(parsed.row, record.line - rowsBegin);
      if (mapped === undefined) {
        tally.omitted();
        return;
      }
      if (kind === 'logs') tally.fields(parsed.row, mapping.uses);
      const checked = isRejection(mapped) ? mapped : check(mapped.row, record.line);
      if (isRejection(checked)) turnDown(mapping.explain(checked), record.line, text);
      else keep(checked.row);
    },
  );

  return {
    /** Takes the next bytes. @throws ValidationError when the file cannot be read any further */
    push(chunk: Uint8Array): void {
      const passed = Math.min(skip, chunk.byteLength);
      skip -= passed;
      splitter.push(chunk.subarray(passed));
    },
    /** Takes the end of the range. @throws ValidationError likewise */
    end(): void {
      splitter.end();
    },
    tally: (): Tally => tally.result(),
  };
}

/** What is said of a row whose item is unknown as well: no catalogue has an item whose digits were cut. */
const isOfUnknown: ReadonlySet<Note> = new Set(['shortened-id', 'shortened-time']);

/** Unknown items whose spellings are remembered. */
const REMEMBERED = 100_000;

/** A column's name as the header line's reader has it. */
function nameOf(field: unknown, kind: UploadPlan['kind']): string {
  const name = String(field).trim();
  return namedFields[kind].find((named) => named === name.toLowerCase()) ?? name;
}

/** What makes two rows the same. */
function identity(row: Interaction | Item): (string | number)[] {
  if (!('user_id' in row)) return [JSON.stringify(row)];
  return [row.user_id, row.item_id, row.timestamp, row.event_type ?? ''];
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
 * every record checked. A byte order mark before a record is what is left of files that were put together.
 */
function createDecoder(encoding: FileLayout['encoding']) {
  let checked: Buffer | undefined;
  let ascii = false;
  let utf8 = false;

  return ({ bytes, start, end }: RawRecord): { text: string; valid: boolean } => {
    if (bytes !== checked) {
      checked = bytes;
      ascii = isAscii(bytes);
      utf8 = ascii || isUtf8(bytes);
    }
    if (ascii) return { text: bytes.toString('latin1', start, end), valid: true };
    if (encoding === 'latin-1') {
      return { text: decodeText(bytes.subarray(start, end), encoding), valid: true };
    }
    const valid = utf8 || isUtf8(bytes.subarray(start, end));
    const text = bytes.toString('utf8', start, end);
    return { text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, valid };
  };
}
