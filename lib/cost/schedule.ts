/*
 * How often EventBridge Scheduler starts a night: `rate(value unit)`, `cron(minutes hours days-of-month months days-of-week
 * year)` or `at(...)` (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
 */

const daysOfMonth = 365.25 / 12;
const secondsOf: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** @returns nights a month, of all years together; undefined for an expression that this cannot read */
export function nightsAMonth(schedule: string | null): number | undefined {
  if (schedule === null || schedule.startsWith('at(')) return 0;
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule);
  if (rate !== null) return (daysOfMonth * 86_400) / (Number(rate[1]) * secondsOf[rate[2]!]!);
  const fields = /^cron\((.+)\)$/.exec(schedule)?.[1]?.trim().split(/\s+/);
  if (fields?.length !== 6) return undefined;
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  const minutes = valuesOf(minute, 0, 59);
  const hours = valuesOf(hour, 0, 23);
  const inMonths = valuesOf(month, 1, 12, months);
  const days = daysAMonth(day, weekday);
  if (!minutes || !hours || !inMonths || days === undefined) return undefined;
  return minutes.size * hours.size * days * (inMonths.size / 12);
}

function daysAMonth(day: string, weekday: string): number | undefined {
  if (day === '?') {
    // The last or the nth of its kind comes once a month.
    if (/^(\w+#[1-5]|\w+L)$/.test(weekday)) return 1;
    const own = valuesOf(weekday, 1, 7, weekdays);
    return own && (own.size / 7) * daysOfMonth;
  }
  if (day === '*') return daysOfMonth;
  if (/^(L|\d+W|LW)$/.test(day)) return 1;
  const own = valuesOf(day, 1, 31);
  if (own === undefined) return undefined;
  const lengths = [31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const total = lengths.reduce(
    (sum, length) =>
      sum + [...own].reduce((held, at) => held + Math.max(0, Math.min(1, length - at + 1)), 0),
    0,
  );
  return total / 12;
}

/** The values of a field: `*`, or lists of values, ranges and steps. @returns undefined if it is none */
function valuesOf(
  field: string,
  least: number,
  most: number,
  names: readonly string[] = [],
): Set<number> | undefined {
  const numberOf = (text: string) => {
    const place = names.indexOf(text.toUpperCase());
    return place >= 0 ? place + least : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [range, step = '1'] = part.split('/') as [string, string?];
    const [from, to] = range.split('-') as [string, string?];
    const isAll = range === '*' || range === '?';
    const first = isAll ? least : numberOf(from);
    const last = isAll || (to === undefined && part.includes('/')) ? most : numberOf(to ?? from);
    const by = Number(step);
    if (!(first >= least && last <= most && first <= last && by >= 1)) return undefined;
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}
