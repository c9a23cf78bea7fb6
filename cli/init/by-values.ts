import type { Profile } from './profile.ts';
import type { Sample } from './sample.ts';

/** Which columns of a file are what, by what is in them. */
export interface ValueRoles {
  readonly user?: Profile | undefined;
  readonly item?: Profile | undefined;
  readonly title?: Profile | undefined;
  /** Where the items were found again. */
  readonly foundIn?: string | undefined;
}

/** A file that was looked at. */
interface Looked {
  readonly sample: Sample;
  readonly profiles: readonly Profile[];
}

/** Share of a log's rows whose item has to be found in the catalogue. */
const FOUND = 0.5;
/** Share of a catalogue's titles that are different ones. */
const DIFFERENT = 0.5;

/**
 * Whatever columns are called: a column of a log whose values identify the rows of another file has the items; of the
 * others, the one with most different values that come back has the users.
 *
 * @returns for each file what its columns are, if that can be told
 */
export function rolesByValues(files: readonly Looked[]): ValueRoles[] {
  const roles: ValueRoles[] = files.map(() => ({}));
  files.forEach((log, place) => {
    if (!log.profiles.some(({ time }) => time !== undefined)) return;
    files.forEach((catalogue, other) => {
      const match = place === other ? undefined : matchOf(log, catalogue);
      if (match === undefined || roles[place]!.item !== undefined) return;
      const [item, id] = match;
      roles[place] = { item, user: userOf(log, item), foundIn: catalogue.sample.file };
      roles[other] = { item: id, title: titleOf(catalogue, id), foundIn: log.sample.file };
    });
  });
  return roles;
}

/** A column of a log, and the one of a catalogue that has its values once each. */
function matchOf(log: Looked, catalogue: Looked): readonly [Profile, Profile] | undefined {
  let best: readonly [Profile, Profile] | undefined;
  let most = FOUND;
  for (const id of catalogue.profiles) {
    if (id.distinct < 2 || id.distinct < id.rows || id.time !== undefined) continue;
    const ids = new Set(valuesOf(catalogue, id));
    for (const column of log.profiles) {
      if (column.time !== undefined || column.distinct < 2) continue;
      const values = valuesOf(log, column);
      const share = values.filter((value) => ids.has(value)).length / values.length;
      if (share > most) [most, best] = [share, [column, id]];
    }
  }
  return best;
}

const valuesOf = ({ sample }: Looked, { name }: Profile) =>
  sample.rows.map((row) => (row[name] ?? '').trim());

function userOf({ profiles }: Looked, item: Profile): Profile | undefined {
  return mostDifferent(
    profiles.filter(
      (one) => one !== item && one.time === undefined && !one.isMoney && one.distinct < one.filled,
    ),
  );
}

function titleOf({ profiles }: Looked, id: Profile): Profile | undefined {
  return mostDifferent(
    profiles.filter(
      (one) =>
        one !== id &&
        one.decimal === undefined &&
        one.time === undefined &&
        one.distinct >= DIFFERENT * one.rows,
    ),
  );
}

function mostDifferent(profiles: readonly Profile[]): Profile | undefined {
  return profiles.toSorted((a, b) => b.distinct - a.distinct)[0];
}
