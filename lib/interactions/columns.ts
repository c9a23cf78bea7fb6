import type {
  Condition,
  EventSource,
  IdSource,
  Layout,
  TextSource,
  TimeSource,
  ValueSource,
} from '#lib/contracts/config/columns.ts';
import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { plainNumber, readNumber } from './numbers.ts';
import { type Checked, type Rejection, reject } from './reasons.ts';
import { type FileRow, namedFields, requiredFields } from './rows.ts';
import { createTimeReader, createZone } from './time-formats.ts';
import { readIso } from './timestamps.ts';
import type { UploadKind } from './upload-plan.ts';

/** How a kind of file's columns become our fields. */
export interface ColumnMapping {
  /** Columns that a table must have, by the names that it has. */
  readonly needed: readonly string[];
  /** Of a row's fields, whether anything is made of this one. */
  uses(name: string): boolean;
  /**
   * Our fields of a row.
   *
   * @param line its number, from 0 at the first row of the file
   * @returns undefined for a row that is left out
   */
  map(row: FileRow, line: number): Checked<FileRow> | undefined;
  /** A reason's detail, in which our fields are followed by the columns that they are made of. */
  explain(rejection: Rejection): Rejection;
}

type Read = (row: FileRow, line: number) => unknown;

/** How one kind of file is laid out, by the configuration's section `interactions`. */
export function layoutOf(
  { file, columns, leaveOut, items }: LayoutSettings,
  kind: UploadKind,
): Layout {
  if (kind === 'catalog') return items;
  return { file, columns: columns as Layout['columns'], otherColumns: 'keep', leaveOut };
}

export type LayoutSettings = Pick<InteractionsConfig, 'file' | 'columns' | 'leaveOut' | 'items'>;

const isDocumented: ReadonlySet<string> = new Set(Object.values(namedFields).flat());

/** A column's name as the readers of files give it: documented names in any case as they are documented. */
const asRead = (kind: UploadKind, name: string): string =>
  namedFields[kind].find((documented) => documented === name.toLowerCase()) ?? name;

/** Prepares a layout; one that changes nothing costs nothing. */
export function createColumnMapping(kind: UploadKind, layout: Layout): ColumnMapping {
  const entries = Object.entries(layout.columns);
  const sources = new Map(entries.map(([name, source]) => [name, columnsOf(source)]));
  const required: readonly string[] = requiredFields[kind];
  const needed = new Set(
    [
      ...required.flatMap((name) => sources.get(name) ?? [name]),
      ...[...sources.values()].flat(),
      ...layout.leaveOut.map(({ column }) => column),
    ].map((name) => asRead(kind, name)),
  );
  const readers = entries.map(([name, source]) => [name, readerOf(kind, name, source)] as const);
  const conditions = layout.leaveOut.map(createTest);
  const renamed = new Set([...sources.values()].flat().map((name) => asRead(kind, name)));
  const read = new Set([...needed].flatMap((name) => [name, name.split('.')[0]!]));
  const isOurs = (name: string) => !sources.has(name) && namedFields[kind].some((n) => n === name);
  const isKept = (name: string) =>
    isOurs(name) ||
    (kind === 'catalog' &&
      layout.otherColumns === 'keep' &&
      !sources.has(name) &&
      !renamed.has(name));
  const isPlain = readers.length === 0 && layout.otherColumns === 'keep';

  return {
    needed: [...needed],
    uses: (name) => isOurs(name) || read.has(name),
    map(row, line) {
      if (conditions.some((holds) => holds(row))) return undefined;
      if (isPlain) return { row };
      const mapped: Record<string, unknown> = {};
      for (const name in row) {
        if (isKept(name)) mapped[name] = row[name];
      }
      for (const [name, readField] of readers) {
        const value = readField(row, line);
        if (value instanceof Unreadable) return reject('impossible-timestamp', value.detail);
        mapped[name] = value;
      }
      return { row: mapped };
    },
    explain(rejection) {
      const name = rejection.detail.split(' ', 1)[0]!;
      const from = sources.get(name);
      if (from === undefined || from.length === 0 || from.includes(name)) return rejection;
      const columns = from.map((column) => `"${column}"`).join(' and ');
      const detail = `${name} (column ${columns})${rejection.detail.slice(name.length)}`;
      return { ...rejection, detail };
    },
  };
}

/** A time that is not written as the configuration says. */
class Unreadable {
  readonly detail: string;
  constructor(detail: string) {
    this.detail = detail;
  }
}

type Source = IdSource | TimeSource | EventSource | ValueSource | TextSource;

/** The columns that a field is made of. */
function columnsOf(source: Source): string[] {
  if (typeof source === 'string') return [source];
  if ('column' in source) return [source.column].flat();
  if ('rules' in source) return [...new Set(source.rules.map(({ when }) => when.column))];
  return [];
}

function readerOf(kind: UploadKind, name: string, source: Source): Read {
  if (typeof source === 'string') return (row) => cell(row, source);
  if ('is' in source) return () => source.is;
  if ('rowsFrom' in source) {
    const from = Date.parse(source.rowsFrom) / 1000;
    return (_, line) => from + line;
  }
  if ('rules' in source) return readRules(source);
  const read = joined(source.column);
  if (kind === 'logs' && name === 'timestamp') return readTime(read, source as TimeObject);
  if (kind === 'logs' && name === 'value') return readValue(read, source as ValueObject);
  return readText(read, source as TextObject);
}

type TimeObject = Extract<TimeSource, { column: unknown }>;
type ValueObject = Extract<ValueSource, { column: unknown }>;
type TextObject = Extract<TextSource, { column: unknown }>;
type Rules = Extract<EventSource, { rules: unknown }>;

/** A field of a row; of objects in it, `a.b` is the field `b` in `a`. */
function cell(row: FileRow, name: string): unknown {
  if (Object.hasOwn(row, name)) return row[name];
  // Readers give documented names as they are documented, however they are written in the file.
  const documented = name.toLowerCase();
  if (isDocumented.has(documented)) return row[documented];
  let value: unknown = row;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as FileRow)[part];
  }
  return value;
}

/** One column as it is, or the texts of several with blanks between. */
function joined(column: TextObject['column']): (row: FileRow) => unknown {
  if (typeof column === 'string') return (row) => cell(row, column);
  return (row) => {
    const texts = column.map((name) => textOf(cell(row, name)) ?? '');
    return texts.filter((text) => text !== '').join(' ');
  };
}

/** The text of a plain value; undefined for nothing, and for lists and objects. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function readText(
  read: (row: FileRow) => unknown,
  { extract, wholeNumber, split }: Partial<TextObject>,
): Read {
  const pattern = extract === undefined ? undefined : new RegExp(extract, 'u');
  return (row) => {
    const value = read(row);
    let text = textOf(value);
    if (text === undefined) return value;
    if (pattern !== undefined) {
      const match = pattern.exec(text);
      text = match === null ? '' : (match[1] ?? (match.length === 1 ? match[0] : ''));
    }
    if (wholeNumber === true) text = text.replace(/^\s*(-?\d+)\.0*\s*$/, '$1');
    if (split !== undefined) {
      const parts = text.split(split).map((part) => part.trim());
      text = parts.filter((part) => part !== '').join(', ');
    }
    return text;
  };
}

function readTime(read: (row: FileRow) => unknown, { format, zone }: TimeObject): Read {
  const parse = format === undefined ? readIso : createTimeReader(format);
  const toUnix = zone === undefined ? (wall: number) => wall : createZone(zone);
  return (row) => {
    const value = read(row);
    const text = textOf(value)?.trim();
    // What the rules of times take without help, a number or nothing, is theirs.
    if (text === undefined || text === '') return value;
    if (format === undefined && readNumber(text) !== undefined) return value;
    const time = parse(text);
    if (time !== undefined) {
      return time.offset === undefined ? toUnix(time.seconds) : time.seconds - time.offset;
    }
    if (format === undefined) return value;
    return new Unreadable(`timestamp is not written as "${format}", or names no existing time`);
  };
}

function readValue(read: (row: FileRow) => unknown, { decimal, absolute }: ValueObject): Read {
  return (row) => {
    const value = read(row);
    if (typeof value === 'number') return absolute ? Math.abs(value) : value;
    if (typeof value !== 'string') return value;
    const text = decimal === undefined ? value : plainNumber(value, decimal);
    return absolute ? text.replace(/^\s*-(?=[\d.])/, '') : text;
  };
}

function readRules({ rules, otherwise }: Rules): Read {
  const prepared = rules.map(({ when, is }) => ({ holds: createTest(when), is }));
  return (row) => prepared.find(({ holds }) => holds(row))?.is ?? otherwise;
}

function createTest(condition: Condition): (row: FileRow) => boolean {
  const { column, startsWith, atLeast, below, isEmpty } = condition;
  const is = condition.is === undefined ? undefined : new Set([condition.is].flat());
  const matches = condition.matches === undefined ? undefined : new RegExp(condition.matches, 'u');
  return (row) => {
    const text = (textOf(cell(row, column)) ?? '').trim();
    if (isEmpty !== undefined && (text === '') !== isEmpty) return false;
    if (is !== undefined && !is.has(text)) return false;
    if (startsWith !== undefined && !text.startsWith(startsWith)) return false;
    if (matches !== undefined && !matches.test(text)) return false;
    // What is no number is neither.
    const number = readNumber(text) ?? Number.NaN;
    return (atLeast === undefined || number >= atLeast) && (below === undefined || number < below);
  };
}
