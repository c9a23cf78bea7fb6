/** The wall-clock time that a text names, as Unix seconds of the same time in UTC, and its offset where it names one. */
export interface WallTime {
  readonly seconds: number;
  /** Seconds east of UTC. */
  readonly offset: number | undefined;
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/** What a token of a format matches; numbers may lack their leading zero. */
const tokens: Readonly<Record<string, string>> = {
  YYYY: '(\\d{4})',
  YY: '(\\d{2})',
  MMMM: '([a-z]+)\\.?',
  MMM: '([a-z]+)\\.?',
  MM: '(\\d{1,2})',
  M: '(\\d{1,2})',
  DD: '(\\d{1,2})',
  D: '(\\d{1,2})',
  HH: '(\\d{1,2})',
  H: '(\\d{1,2})',
  hh: '(\\d{1,2})',
  h: '(\\d{1,2})',
  mm: '(\\d{1,2})',
  ss: '(\\d{1,2})',
  SSS: '(\\d+)',
  A: '([ap])\\.?m\\.?',
  Z: '(Z|UTC|[+-]\\d{2}:?\\d{2})',
};
const token = /YYYY|YY|MMMM|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|SSS|A|Z/g;

/**
 * A reader of times that are written in a format as `DD/MM/YYYY HH:mm`. Months may be named in English. A two-digit
 * year is of 1970 to 2069.
 *
 * @returns undefined for a text that is not written so, or names a time that does not exist
 */
export function createTimeReader(format: string): (text: string) => WallTime | undefined {
  const names: string[] = [];
  let source = '';
  let at = 0;
  for (const match of format.matchAll(token)) {
    source += literal(format.slice(at, match.index)) + tokens[match[0]]!;
    names.push(match[0]);
    at = match.index + match[0].length;
  }
  const pattern = new RegExp(`^${source}${literal(format.slice(at))}$`, 'i');
  return (text) => {
    const match = pattern.exec(text.trim());
    if (match === null) return undefined;
    const found = new Map(names.map((name, i) => [name, match[i + 1]!]));
    return wallTime((...names) => found.get(names.find((name) => found.has(name))!));
  };
}

/** Blanks match any blanks, everything else itself. */
const literal = (text: string) =>
  text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&').replaceAll(/\s+/g, '\\s+');

function wallTime(part: (...names: string[]) => string | undefined): WallTime | undefined {
  const short = part('YY');
  const year = Number(part('YYYY') ?? (Number(short) < 70 ? `20${short}` : `19${short}`));
  const named = part('MMMM', 'MMM')?.slice(0, 3).toLowerCase();
  const month = named === undefined ? Number(part('MM', 'M')) : months.indexOf(named) + 1;
  const day = Number(part('DD', 'D'));
  const half = part('A')?.toLowerCase();
  const ofHalf = Number(part('hh', 'h') ?? 0);
  if (ofHalf > 12) return undefined;
  const hour =
    half === undefined
      ? Number(part('HH', 'H', 'hh', 'h') ?? 0)
      : (ofHalf % 12) + (half === 'p' ? 12 : 0);
  const minute = Number(part('mm') ?? 0);
  const second = Number(part('ss') ?? 0);
  const midnight = new Date(Date.UTC(year, month - 1, day));
  // Date.UTC turns 30 February into 2 March, and days of two digits never into one of the same month.
  const exists = midnight.getUTCMonth() === month - 1;
  if (!exists || hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = Number(`0.${part('SSS') ?? 0}`);
  const seconds = midnight.getTime() / 1000 + hour * 3600 + minute * 60 + second + fraction;
  return { seconds, offset: offsetOf(part('Z')) };
}

function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  const match = /([+-])(\d{2}):?(\d{2})/.exec(zone);
  if (match === null) return 0;
  const size = Number(match[2]) * 3600 + Number(match[3]) * 60;
  return match[1] === '-' ? -size : size;
}

/** Offsets change at quarters of an hour. */
const QUARTER_SECONDS = 900;
const REMEMBERED = 10_000;

/**
 * Turns wall-clock times of a time zone into Unix seconds. Of a time that a clock shows twice in autumn the first counts;
 * one that is left out in spring is taken as if the clock had not been changed.
 */
export function createZone(timeZone: string): (wallSeconds: number) => number {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsets = new Map<number, number>();
  const offsetAt = (seconds: number): number => {
    const quarter = Math.floor(seconds / QUARTER_SECONDS);
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    const at = quarter * QUARTER_SECONDS;
    const parts = Object.fromEntries(
      clock.formatToParts(at * 1000).map(({ type, value }) => [type, Number(value)]),
    ) as Record<string, number>;
    const { year, month, day, hour, minute, second } = parts;
    const offset = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000 - at;
    if (offsets.size >= REMEMBERED) offsets.clear();
    offsets.set(quarter, offset);
    return offset;
  };
  return (wall) => {
    const first = wall - offsetAt(wall - 86_400);
    if (first + offsetAt(first) === wall) return first;
    const second = wall - offsetAt(wall + 86_400);
    return second + offsetAt(second) === wall ? second : first;
  };
}
