import { ContractError, PipelineError } from '#lib/contracts/errors.ts';
import { impressions, interactions, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { csvFields } from '#lib/interactions/csv.ts';
import { withoutUsers } from '#lib/sequences/user-store.ts';
import { withoutArrowRows } from './arrow-rows.ts';
import { withoutInteractions } from './interactions.ts';
import { holdsWord, withoutLines } from './lines.ts';

/** An object without somebody's rows: no bytes where nothing is left of it. */
export interface Rest {
  readonly bytes: Uint8Array;
  /** How many were taken out. */
  readonly rows: number;
}

/** A kind of objects that have rows of users. What writes a new kind adds a line to `holders`. */
export interface Holder {
  readonly what: string;
  readonly holds: (key: string) => boolean;
  /** @returns undefined for an object that has nothing of them */
  readonly without: (
    bytes: Uint8Array,
    users: ReadonlySet<string>,
    key: string,
  ) => Rest | undefined;
}

/** Below a run's folder. */
const inRun =
  (pattern: RegExp) =>
  (key: string): boolean =>
    key.startsWith(runs.root) && pattern.test(key.slice(key.indexOf('/', runs.root.length) + 1));

/** All that is read and written whole. Uploaded files are in uploads.ts: they may be of any size and any form. */
export const holders: readonly Holder[] = [
  {
    what: 'ingested rows',
    holds: (key) => key.startsWith(interactions.prefix),
    without: withoutInteractions,
  },
  {
    what: 'quarantined rows',
    holds: (key) => key.startsWith(uploads.quarantineRoot),
    without: (bytes, users) => withoutLines(bytes, (line) => isQuarantined(line, users)),
  },
  {
    what: 'sequences',
    holds: inRun(/^(?:sequences\/(?:train|evaluation)|all-actions|before-test)\/[^/]+\.arrow$/),
    without: withoutArrowRows,
  },
  { what: 'augmented rows', holds: inRun(/^augmented\/[^/]+\.arrow$/), without: withoutArrowRows },
  {
    what: 'histories',
    holds: inRun(/^everybody\/histories\/[^/]+\.arrow$/),
    without: withoutArrowRows,
  },
  {
    what: 'histories',
    holds: inRun(/^everybody\/users\/[^/]+\.bin$/),
    without(bytes, users) {
      const rest = withoutUsers(bytes, users);
      return rest && { bytes: rest.bytes, rows: rest.users };
    },
  },
  // What the functions that build sequences hand each other: nothing reads it afterwards.
  {
    what: 'intermediate rows',
    holds: inRun(/^buckets\//),
    without: () => ({ bytes: new Uint8Array(0), rows: 0 }),
  },
  {
    what: 'lists',
    holds: (key) => key.startsWith(serving.recommendationsRoot) && key.endsWith('.jsonl.gz'),
    without: withoutUsersOfLines,
  },
  {
    what: 'impressions',
    holds: (key) => key.startsWith(impressions.prefix) && key.endsWith('.jsonl.gz'),
    without: withoutUsersOfLines,
  },
];

/**
 * An object without the rows of users.
 *
 * @throws ContractError that names an object of ours that cannot be read
 */
export function restWithout(
  { without }: Holder,
  bytes: Uint8Array,
  users: ReadonlySet<string>,
  key: string,
): Rest | undefined {
  try {
    return without(bytes, users, key);
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new ContractError(
      `${key} cannot be read (${(cause as Error).message}). Restore it, or remove it if it is lost, and do this again.`,
      { cause },
    );
  }
}

function withoutUsersOfLines(bytes: Uint8Array, users: ReadonlySet<string>): Rest | undefined {
  return withoutLines(bytes, ({ user_id }) => typeof user_id === 'string' && users.has(user_id));
}

/**
 * Whether a quarantined row may be of one of the users: nobody knows for certain of a row that could not be read. Where it is
 * JSON with a user, that one counts; of anything else any field, and at last any word.
 */
function isQuarantined(
  { row }: Readonly<Record<string, unknown>>,
  users: ReadonlySet<string>,
): boolean {
  const text = String(row);
  try {
    const { user_id } = JSON.parse(text);
    if (user_id !== undefined) return users.has(String(user_id).trim());
  } catch {
    // Not JSON: what follows.
  }
  return csvFields(text).some((field) => users.has(field.trim())) || holdsWord(text, users);
}
