import { plainNumber, readNumber, signOfAmount } from '#lib/interactions/numbers.ts';
import { isPlaceholder } from '#lib/interactions/rows.ts';
import { createTimeReader } from '#lib/interactions/time-formats.ts';
import { parseTimestamp } from '#lib/interactions/timestamps.ts';
import { role } from './names.ts';
import type { Sample } from './sample.ts';

/** What the values of a column look like. */
export interface Profile {
  readonly name: string;
  /** Values that are not empty. */
  readonly filled: number;
  readonly rows: number;
  readonly distinct: number;
  /** All numbers, with the decimal sign that they are written with. */
  readonly decimal: '.' | ',' | undefined;
  /** They are amounts with a currency or with groups of digits. */
  readonly isMoney: boolean;
  readonly lowest: number;
  readonly highest: number;
  /** Whole numbers that are written as `17.0`. */
  readonly isWholeFloat: boolean;
  /** A format, or '' for what is read without one; undefined for what is no time. */
  readonly time: string | undefined;
  /** Another format that fits as well, day and month exchanged. */
  readonly otherTime: string | undefined;
  /** The commonest values and how many rows have them, at most thirty. */
  readonly common: readonly (readonly [string, number])[];
  /** Whether some value is written so. */
  readonly some: (pattern: RegExp) => boolean;
}

const dates = [
  'DD/MM/YYYY',
  'MM/DD/YYYY',
  'DD.MM.YYYY',
  'DD-MM-YYYY',
  'MM-DD-YYYY',
  'D MMM YYYY',
  'MMM D, YYYY',
  'D-MMM-YY',
  'DD/MM/YY',
  'MM/DD/YY',
];
const clocks = ['', ' HH:mm', ' HH:mm:ss', ' hh:mm A', ' hh:mm:ss A', ', HH:mm', ', HH:mm:ss'];
const formats = dates.flatMap((date) => clocks.map((clock) => date + clock));
/** Numbers from here on may be Unix seconds: as such they are of 2001 or later. */
const UNIX_SECONDS = 1e9;

/** So many values tell a format. */
const PROBED = 2000;
/** Share of values that may be something else. */
const TOLERATED = 0.02;
const HALF = 0.5;

export function profileColumns({ columns, rows }: Sample): Profile[] {
  return columns.map((name) =>
    profileColumn(
      name,
      rows.map((row) => row[name] ?? ''),
    ),
  );
}

function profileColumn(name: string, texts: readonly string[]): Profile {
  const filled = texts.map((text) => text.trim()).filter((text) => text !== '');
  const counts = new Map<string, number>();
  for (const text of filled) counts.set(text, (counts.get(text) ?? 0) + 1);
  const said = filled.filter((text) => !isPlaceholder(text));
  const readBy = (read: typeof numberOf, tried: readonly ('.' | ',')[]) =>
    tried.find((sign) => mostly(said, (text) => read(text, sign) !== undefined));
  const plain = readBy(numberOf, ['.', ',']);
  const sign = said.some((text) => signOfAmount(text) === ',') ? ',' : '.';
  const decimal = plain ?? readBy(amountOf, [sign]);
  const numbers =
    decimal === undefined ? [] : said.flatMap((text) => amountOf(text, decimal) ?? []);
  const lowest = Math.min(...numbers);
  // A column that is called so has times, some of them impossible ones.
  const times = role.timestamp[0].test(name.toLowerCase()) ? HALF : TOLERATED;
  const [time, otherTime] =
    decimal !== undefined && lowest < UNIX_SECONDS ? [] : timesOf(filled, times);
  return {
    name,
    filled: filled.length,
    rows: texts.length,
    distinct: counts.size,
    decimal,
    isMoney: plain === undefined && decimal !== undefined,
    lowest,
    highest: Math.max(...numbers),
    isWholeFloat: mostly(filled, (text) => /^-?\d+\.0+$/.test(text)),
    time,
    otherTime,
    common: [...counts].toSorted(([, a], [, b]) => b - a).slice(0, 30),
    some: (pattern) => filled.some((text) => pattern.test(text)),
  };
}

/** The number that an amount is, currency and groups of digits left aside. */
const amountOf = (text: string, sign: '.' | ',') => readNumber(plainNumber(text, sign));

/** With a decimal comma, points part groups of three digits: `01.11.2025` is a date. */
const withComma = /^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?$/;

function numberOf(text: string, sign: '.' | ','): number | undefined {
  if (sign === '.') return readNumber(text);
  return withComma.test(text) ? readNumber(text.replaceAll('.', '').replace(',', '.')) : undefined;
}

function timesOf(filled: readonly string[], tolerated: number): (string | undefined)[] {
  const probed = filled.slice(0, PROBED);
  const latest = Date.now() / 1000 + 86_400;
  if (mostly(probed, (text) => typeof parseTimestamp(text, latest) === 'number', tolerated)) {
    return [''];
  }
  return formats.filter((format) => {
    const read = createTimeReader(format);
    return mostly(probed, (text) => read(text) !== undefined, tolerated);
  });
}

function mostly(
  values: readonly string[],
  holds: (value: string) => boolean,
  tolerated = TOLERATED,
): boolean {
  if (values.length === 0) return false;
  const others = values.filter((value) => !holds(value)).length;
  return others <= tolerated * values.length;
}

/**
 * Names columns that have none, by what is in them: in logs a user, an item and, as it may be, a time and a value; else an
 * item and its title.
 */
export function nameColumns(sample: Sample): Sample {
  if (!sample.layout.names) return sample;
  const profiles = profileColumns(sample);
  const isLog = profiles.some(({ time }) => time !== undefined);
  const left = isLog ? ['user_id', 'item_id', 'value'] : ['item_id', 'title'];
  const renamed = new Map(
    profiles.map(({ name, time }) => [name, time === undefined ? left.shift() : 'timestamp']),
  );
  const names = sample.columns.map((name) => renamed.get(name) ?? name);
  const rows = sample.rows.map((row) =>
    Object.fromEntries(sample.columns.map((name, i) => [names[i]!, row[name] ?? ''])),
  );
  return { ...sample, rows, columns: names, layout: { ...sample.layout, names } };
}
