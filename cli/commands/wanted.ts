import type { ParseArgsOptionsConfig } from 'node:util';
import { UsageError } from './options.ts';

/** Options of a command that makes lists: which items may be in them. */
export const wantedOptions = {
  count: { type: 'string', default: '10' },
  exclude: { type: 'string' },
  only: { type: 'string' },
  where: { type: 'string', multiple: true, default: [] as string[] },
} satisfies ParseArgsOptionsConfig;

/** The same for its usage. */
export const wantedUsage = `  --count N        length of a list (default: 10)
  --exclude ID,... items that are not to be in the list
  --only ID,...    items of which the list is to be made
  --where FIELD=VALUE  items that have this value in a field of the catalogue (genres=drama); more than one may be
                   given: of one field any of them, in every field`;

/** The same as a request has it. @throws UsageError for what is no count, no list of ids, no field with a value */
export function readWanted(options: {
  readonly count: string;
  readonly exclude?: string | undefined;
  readonly only?: string | undefined;
  readonly where: readonly string[];
}) {
  const { count, exclude, only, where } = options;
  const fields: Record<string, string[]> = {};
  for (const text of where) {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--where ${text}: expected FIELD=VALUE.`);
    const field = text.slice(0, at);
    fields[field] = [...(fields[field] ?? []), text.slice(at + 1)];
  }
  return {
    count: readListLength(count),
    ...(exclude !== undefined && { exclude: readIds('--exclude', exclude) }),
    ...(only !== undefined && { only: readIds('--only', only) }),
    ...(where.length > 0 && { where: fields }),
  };
}

/** @throws UsageError unless there are ids with single commas between */
export function readIds(option: string, text: string): string[] {
  const ids = text.split(',').map((id) => id.trim());
  if (ids.every((id) => id !== '')) return ids;
  throw new UsageError(`${option} must be item ids with single commas between.`);
}

function readListLength(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1000) return count;
  throw new UsageError(`--count must be a whole number from 1 to 1000, not "${text}".`);
}
