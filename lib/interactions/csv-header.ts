import { isUtf8 } from 'node:buffer';
import type { FileLayout } from '#lib/contracts/config/columns.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { CsvDialect } from './csv.ts';
import { decodeText } from './encoding.ts';
import { parseCsvHeader } from './file-rows.ts';
import { createRecordSplitter } from './records.ts';
import { namedFields } from './rows.ts';
import type { UploadKind } from './upload-plan.ts';

/** A file's beginning, uncompressed. */
export interface Beginning {
  readonly bytes: Buffer;
  /** Behind a byte order mark. */
  readonly start: number;
  /** The first byte that is not blank; -1 when there is none. */
  readonly first: number;
  readonly isWhole: boolean;
  readonly carriageReturns: boolean;
}

/** What tells the columns of a table. */
export interface TableFacts {
  readonly key: string;
  readonly kind: UploadKind;
  readonly file: FileLayout;
  /** Columns that it must have. */
  readonly needed: readonly string[];
}

/** The columns of a table, and where its rows begin. */
export interface TableHeader {
  readonly columns: string[];
  readonly dialect: CsvDialect;
  readonly skipBytes: number;
  readonly firstLine: number;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const separators = [',', ';', '\t', '|', '::'] as const;
/** A header line is looked for in so many lines, to say where it is. */
const LINES_SEARCHED = 20;
/** Columns that a message names. */
const NAMED = 30;

/**
 * Finds the header line of a table, and what separates its columns.
 *
 * @returns undefined when there is none although the file has been seen to its end: it has no rows
 * @throws ValidationError when it lacks columns; the message says which, and what may be the matter
 */
export function findTable(begin: Beginning, table: TableFacts): TableHeader | undefined {
  const { key, kind, file } = table;
  if (file.names !== null) return named(begin, table, file.names);
  const noHeader = `${key} has no header line in its first ${begin.bytes.length} bytes.`;
  const above = linesAbove(begin);
  if (above === undefined) {
    if (begin.isWhole) return undefined;
    throw new ValidationError(noHeader);
  }
  const wanted = file.separator === 'auto' ? (above.separator ?? 'auto') : file.separator;
  const tried = (wanted === 'auto' ? separators : [wanted]).flatMap((separator) => {
    const dialect = dialectOf(separator, file);
    const record = firstRecord(begin, above, dialect);
    if (record === undefined) return [];
    if (file.encoding === 'utf-8' && !isUtf8(record.bytes)) {
      throw new ValidationError(
        `The header line of ${key} is not UTF-8 text. Save it as UTF-8, or set ${settingOf(kind, 'file')}.encoding (latin-1, utf-16).`,
      );
    }
    const text = decodeText(record.bytes, file.encoding);
    return [{ dialect, record, text, columns: namesOf(text, kind, dialect) }];
  });
  const fitting = tried.find(({ columns }) => missing(columns, table).length === 0);
  // Of several, the one that says most.
  const [best] = tried.toSorted((a, b) => b.columns.length - a.columns.length);
  if (best === undefined) throw new ValidationError(noHeader);
  if (fitting === undefined)
    throw new ValidationError(explainMissing(begin, above, best.columns, table));
  const { columns, dialect, record } = fitting;
  const twice = columns.find((name, i) => name !== '' && columns.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ValidationError(
      `The header line of ${key} names the column "${twice}" twice; names must differ.`,
    );
  }
  return { columns, dialect, skipBytes: record.nextOffset, firstLine: record.nextLine };
}

/** Column names of a line. */
export const namesOf = (line: string, kind: UploadKind, dialect?: CsvDialect): string[] =>
  parseCsvHeader(line, namedFields[kind], dialect);

/** The separators that are tried where none is configured. */
export const dialects: readonly CsvDialect[] = separators.map((separator) => ({
  separator,
  quotes: separator.length === 1,
}));

/** A section of the configuration that says how files of a kind are read. */
const settingOf = (kind: UploadKind, name: 'file' | 'columns'): string =>
  kind === 'logs' ? `interactions.${name}` : `interactions.items.${name}`;

const dialectOf = (separator: string, { quotes }: FileLayout): CsvDialect => ({
  separator,
  quotes: quotes && separator.length === 1,
});

const missing = (columns: readonly string[], { needed }: TableFacts) =>
  needed.filter((name) => !columns.includes(name));

function named(begin: Beginning, table: TableFacts, names: readonly string[]): TableHeader {
  const { key, kind, file } = table;
  const columns = namesOf(names.join('\u0000'), kind, { separator: '\u0000', quotes: false });
  const lacking = missing(columns, table);
  if (lacking.length > 0) {
    throw new ValidationError(
      `${settingOf(kind, 'file')}.names, the columns of ${key}, lack ${lacking.join(', ')}.`,
    );
  }
  const dialect = dialectOf(file.separator, file);
  return { columns, dialect, skipBytes: begin.start, firstLine: 1 };
}

interface Above {
  readonly offset: number;
  readonly line: number;
  /** What a spreadsheet's `sep=;` says. */
  readonly separator: string | undefined;
}

/**
 * Passes what stands above a header line: blank lines, comments, the line with which spreadsheets say the separator. They
 * are passed by lines, for a quote in them means nothing. Undefined when nothing is left.
 */
function linesAbove({ bytes, start, carriageReturns }: Beginning): Above | undefined {
  let offset = start;
  let line = 1;
  let separator: string | undefined;
  const lineBreak = carriageReturns ? CARRIAGE_RETURN : LINE_FEED;
  for (;;) {
    const end = bytes.indexOf(lineBreak, offset);
    const text = bytes.toString('latin1', offset, end === -1 ? bytes.length : end);
    const said = /^"?sep=(.?)"?\r?$/i.exec(text.trimStart());
    if (said?.[1]) separator = said[1];
    if (text.trim() !== '' && !text.startsWith('#') && said === null) {
      return { offset, line, separator };
    }
    if (end === -1) return undefined;
    offset = end + 1;
    line++;
  }
}

/** A record at the beginning of a file. */
interface FirstRecord {
  readonly bytes: Buffer;
  readonly nextOffset: number;
  readonly nextLine: number;
}

function firstRecord(
  { bytes, isWhole, carriageReturns }: Beginning,
  { offset, line }: Above,
  dialect: CsvDialect,
): FirstRecord | undefined {
  let found: FirstRecord | undefined;
  const options = {
    ...dialect,
    carriageReturns,
    maximumLineBytes: bytes.length,
    firstLine: line,
  };
  const splitter = createRecordSplitter(options, (record) => {
    found ??= {
      bytes: Buffer.from(record.bytes.subarray(record.start, record.end)),
      nextOffset: offset + record.nextOffset,
      nextLine: record.nextLine,
    };
  });
  splitter.push(bytes.subarray(offset));
  if (isWhole) splitter.end();
  return found;
}

/** What a header line lacks, and what may be the matter. */
function explainMissing(
  { bytes, start }: Beginning,
  above: Above,
  columns: readonly string[],
  table: TableFacts,
): string {
  const { key, kind, file, needed } = table;
  const lacking = missing(columns, table);
  const what = `The header line of ${key} has no ${lacking.join(', ')}; it needs ${needed.join(', ')}.`;
  const lines = bytes.toString('utf8', start).split(/\r\n|\r|\n/, LINES_SEARCHED);
  for (const [at, line] of lines.entries()) {
    const fitting = dialects.find(
      (dialect) => missing(namesOf(line, kind, dialect), table).length === 0,
    );
    if (fitting === undefined) continue;
    const isTheOne = at + 1 === above.line;
    if (isTheOne && (file.separator !== 'auto' || above.separator === undefined)) {
      const { separator, quotes } = fitting;
      return `${what} It would have all of them if it were read as UTF-8 with "${separator}" between columns and with${quotes ? '' : 'out'} quotes; ${settingOf(kind, 'file')} says otherwise.`;
    }
    return `${what} Line ${at + 1} looks like the header line; leave out what stands above it.`;
  }
  if (columns.some((name) => /^\d+(\.\d+)?$/.test(name))) {
    return `${what} The first line looks like a row; write a header line above it, or name its columns in ${settingOf(kind, 'file')}.names.`;
  }
  if (columns.length === 1) {
    return `${what} Only one column was found: separate columns by commas, or say in ${settingOf(kind, 'file')}.separator what separates them.`;
  }
  const named = columns.filter((name) => name !== '').slice(0, NAMED);
  return `${what} Its columns are ${named.join(', ')}. If they are called otherwise here, ${settingOf(kind, 'columns')} says which is which, and \`npx lea init\` proposes it.`;
}
