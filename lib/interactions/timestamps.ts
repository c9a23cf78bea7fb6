import { readNumber } from './numbers.ts';
import { type Rejection, reject } from './reasons.ts';
import type { WallTime } from './time-formats.ts';

/** 1990-01-01T00:00:00Z in Unix seconds: interactions before it are taken for errors. */
export const EARLIEST_SECONDS = 631_152_000;
export const DAY_SECONDS = 86_400;

/** Numbers from here on are milliseconds: as seconds they lie beyond the year 5138, as milliseconds after 1973. */
const FIRST_MILLISECONDS = 1e11;
/** Likewise microseconds after milliseconds, and nanoseconds after microseconds. */
const FIRST_MICROSECONDS = 1e14;
const FIRST_NANOSECONDS = 1e17;

/**
 * ISO 8601, with what databases and programs make of it: slashes, a blank before the zone, `UTC` and `GMT` as its name,
 * the zone's name in brackets behind it (Java), the basic form `20261123T175325Z`.
 */
const iso8601 =
  /^(\d{4})([-/]?)(\d{2})\2(\d{2})(?:[T ](\d{2})(:?)(\d{2})(?:\6(\d{2})(?:[.,](\d+))?)?( ?(?:Z|UTC|GMT|([+-])(\d{2}):?(\d{2})?)(?:\[[\w/+-]+\])?)?)?$/i;

/**
 * Reads Unix seconds, milli-, micro- or nanoseconds (numbers or digits; the size tells which) or ISO 8601. A time
 * without a zone is UTC, a date without a time is its midnight.
 *
 * @param value what the row has
 * @param latest the last credible moment, Unix seconds
 * @returns Unix seconds with fractions, or why the value is no credible time
 */
export function parseTimestamp(value: string | number, latest: number): number | Rejection {
  const seconds = typeof value === 'number' ? fromNumber(value) : fromText(value.trim());
  if (seconds === undefined || !Number.isFinite(seconds)) {
    return reject(
      'impossible-timestamp',
      'timestamp is neither a Unix time nor an existing ISO 8601 date or time',
    );
  }
  if (seconds >= EARLIEST_SECONDS && seconds <= latest) return seconds;
  const when = Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString() : 'beyond all';
  return reject(
    'impossible-timestamp',
    seconds < EARLIEST_SECONDS
      ? `timestamp reads as ${when}, which is before 1990-01-01`
      : `timestamp reads as ${when}, which is more than a day after the upload arrived`,
  );
}

function fromNumber(value: number): number {
  const size = Math.abs(value);
  if (size < FIRST_MILLISECONDS) return value;
  if (size < FIRST_MICROSECONDS) return value / 1e3;
  return size < FIRST_NANOSECONDS ? value / 1e6 : value / 1e9;
}

function fromText(text: string): number | undefined {
  const unix = readNumber(text);
  if (unix !== undefined) {
    // A double does not hold every nanosecond, but every second of them with its fraction.
    const isNanoseconds = Math.abs(unix) >= FIRST_NANOSECONDS && /^\d+$/.test(text);
    return isNanoseconds ? Number(`${text.slice(0, -9)}.${text.slice(-9)}`) : fromNumber(unix);
  }
  const time = readIso(text);
  return time && time.seconds - (time.offset ?? 0);
}

/** Reads ISO 8601; undefined for what is not, or does not exist. */
export function readIso(text: string): WallTime | undefined {
  const match = iso8601.exec(text);
  if (match === null) return undefined;
  const [, year, , month, day, hour = '0', , minute = '0', second = '0', fraction = '0'] = match;
  const [zone, sign, zoneHour = '0', zoneMinute = '0'] = match.slice(10);
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const exists =
    // Date.UTC turns 30 February into 2 March and the year 99 into 1999.
    new Date(midnight).toISOString().startsWith(`${year}-${month}-${day}`) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60 &&
    Number(zoneHour) < 24 &&
    Number(zoneMinute) < 60;
  if (!exists) return undefined;
  const ofDay = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const east = (Number(zoneHour) * 3600 + Number(zoneMinute) * 60) * (sign === '-' ? -1 : 1);
  return {
    seconds: midnight / 1000 + ofDay + Number(`0.${fraction}`),
    offset: zone === undefined ? undefined : east,
  };
}
