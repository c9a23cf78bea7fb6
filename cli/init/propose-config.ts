import { type InteractionsConfig, interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import { inspectUploadFile } from '../data/upload-file.ts';
import { rolesByValues } from './by-values.ts';
import { nameColumns, profileColumns } from './profile.ts';
import { type Proposal, proposeItems, proposeLogs } from './propose.ts';
import { type Sample, sampleFile } from './sample.ts';

/** A configuration for somebody's files. */
export interface ProposedConfig {
  readonly config: Readonly<Record<string, unknown>>;
  /** A line for each choice. */
  readonly reasons: readonly string[];
  /** What uploads of the files would be told with it, the catalogue first; empty while something is missing. */
  readonly reports: readonly UploadReport[];
  readonly logs: readonly string[];
  readonly items: readonly string[];
  /** Fields that no column was found for. */
  readonly missing: readonly string[];
}

/** The share of rows that a core filter should leave. */
const KEPT = 0.5;
const CORES = [5, 3, 2] as const;

/**
 * Looks at files and proposes how to read them and what their events count for.
 *
 * @param files each a data file; those with users and times are logs, the others the catalogue
 * @throws ValidationError when a file cannot be looked at, or there is no log among them
 */
export async function proposeConfig(files: readonly string[]): Promise<ProposedConfig> {
  const samples = [];
  for (const file of files) samples.push(nameColumns(await sampleFile(file)));
  const profiled = samples.map((sample) => ({ sample, profiles: profileColumns(sample) }));
  const roles = rolesByValues(profiled);
  const looked = profiled.map(({ sample, profiles }, place) => {
    const file = files[place]!;
    const byValues = roles[place]!;
    const asLog = proposeLogs(sample, profiles, byValues);
    const asItems = proposeItems(sample, profiles, false, byValues);
    return { file, sample, profiles, byValues, asLog, isLog: isLog(asLog, asItems) };
  });
  const log = looked.find((one) => one.isLog);
  if (log === undefined) {
    const [first] = looked;
    const { file, sample, profiles, byValues } = first!;
    const isCatalogue = proposeItems(sample, profiles, false, byValues).missing.length === 0;
    throw new ValidationError(
      isCatalogue
        ? `${file} looks like a catalogue (${sample.columns.join(', ')}). Give the interactions as well: who took which item when.`
        : `None of the files looks like interactions, which need a user, an item and a time: ${file} has the columns ${sample.columns.join(', ')}. Write interactions.columns by hand (docs/data.md), or give the log as well.`,
    );
  }
  const catalogue = looked.find((one) => !one.isLog);
  const described = catalogue ?? log;
  const { sample, profiles, byValues } = described;
  const asItems = proposeItems(sample, profiles, catalogue === undefined, byValues);
  const hasItems = asItems.missing.length === 0;
  const logs = looked.filter((one) => one.isLog).map(({ file }) => file);
  const items = looked.filter((one) => !one.isLog).map(({ file }) => file);
  const section = {
    ...log.asLog.section,
    ...(hasItems && isNew(asItems) && { items: asItems.section }),
  };
  const missing = [...log.asLog.missing, ...(catalogue ? asItems.missing : [])];
  const reasons = [
    ...log.asLog.reasons,
    ...(hasItems ? asItems.reasons : [noTitles(asItems, described.sample)]),
  ];
  const catalogues = hasItems ? (items.length > 0 ? items : logs) : [];
  if (missing.length > 0) {
    return {
      config: { interactions: section },
      reasons,
      reports: [],
      logs,
      items: catalogues,
      missing,
    };
  }
  const { reports, users } = await tryOut(interactionsConfig.parse(section), logs, catalogues);
  const [sequences, why] = users.size === 0 ? [{}, []] : coreOf(users);
  return {
    config: { interactions: section, ...(Object.keys(sequences).length > 0 && { sequences }) },
    reasons: [...reasons, ...[why].flat()],
    reports,
    logs,
    items: catalogues,
    missing,
  };
}

/** Whoever has users and items, and times or no titles. */
const isLog = (asLog: Proposal, asItems: Proposal) =>
  asLog.missing.length === 0 && (asLog.hasTimes || asItems.missing.includes('title'));

const isNew = ({ section }: Proposal) => Object.keys(section).length > 0;

const noTitles = ({ missing }: Proposal, { file }: Sample) =>
  `items: ${file} has no ${missing.join(' and no ')}; give a file that says what the items are, with a title each.`;

/** Reads the files by the proposal as uploads would be read, and counts each user's rows. */
export async function tryOut(
  config: InteractionsConfig,
  logs: readonly string[],
  catalogues: readonly string[],
): Promise<{ reports: UploadReport[]; users: ReadonlyMap<string, number> }> {
  const reports: UploadReport[] = [];
  const known = new Set<string>();
  const users = new Map<string, number>();
  for (const file of catalogues) {
    const take = ({ item_id }: { readonly item_id: string }) => void known.add(item_id);
    reports.push(await inspectUploadFile(file, 'catalog', config, undefined, take));
  }
  const items = catalogues.length > 0 ? known : undefined;
  const count = ({ user_id }: Interaction) =>
    void users.set(user_id, (users.get(user_id) ?? 0) + 1);
  for (const file of logs)
    reports.push(await inspectUploadFile(file, 'logs', config, items, count));
  return { reports, users };
}

/** The largest core that leaves most of the actions. */
export function coreOf(users: ReadonlyMap<string, number>): [Record<string, number>, string] {
  const counts = [...users.values()];
  const all = counts.reduce((a, b) => a + b, 0);
  const kept = (core: number) =>
    counts.filter((n) => n >= core).reduce((a, b) => a + b, 0) / Math.max(1, all);
  const core = CORES.find((k) => kept(k) >= KEPT) ?? 2;
  const share = `${Math.round(kept(core) * 100)} % of the rows are of users with ${core} or more`;
  if (core === 5) return [{}, `core filter: 5, as by default; ${share}.`];
  const why = `core filter: ${core} in place of 5, for ${share}. Everybody is recommended something, whatever it is.`;
  return [{ minimumUserInteractions: core, minimumItemInteractions: core }, why];
}
