import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { type Profile, profileColumns } from '../init/profile.ts';
import { rewardOf } from '../init/propose.ts';
import { coreOf, tryOut } from '../init/propose-config.ts';
import { type Sample, sampleFile } from '../init/sample.ts';
import type { EventParameter, Schema, SchemaField } from './schema.ts';

/** A team's files for Amazon Personalize. */
export interface PersonalizeFiles {
  readonly interactions: readonly string[];
  readonly items: readonly string[];
  readonly users: readonly string[];
  readonly schemas: readonly Schema[];
  /** What their solution makes of events; undefined where that is not known. */
  readonly solution?: readonly EventParameter[] | undefined;
}

export interface PersonalizeImport {
  readonly config: Readonly<Record<string, unknown>>;
  /** A line for each choice. */
  readonly reasons: readonly string[];
  /** What of the files is not used, and why, a line each. */
  readonly dropped: readonly string[];
  /** What uploads would be told, the catalogue first. */
  readonly reports: readonly UploadReport[];
}

const ids = ['USER_ID', 'ITEM_ID'] as const;
const logFields = [...ids, 'TIMESTAMP', 'EVENT_TYPE', 'EVENT_VALUE'];
/** Names that an item's title may have, the best first. */
const titles = [/^(ITEM_|PRODUCT_|MOVIE_)?(TITLE|NAME)$/, /TITLE|NAME/, /DESCRIPTION|TEXT/];

/** Why fields of interactions are not used. */
const notUsed: Readonly<Record<string, string>> = {
  IMPRESSION: 'what was shown is not learnt from',
  RECOMMENDATION_ID: 'it belongs to the lists of Personalize',
};

/**
 * The configuration that reads the files as they are. Nothing is converted: the same files are uploaded.
 *
 * @throws ValidationError for a file that lacks a column that Personalize demands
 */
export async function importPersonalize(files: PersonalizeFiles): Promise<PersonalizeImport> {
  const reasons: string[] = [];
  const dropped: string[] = [];
  const [log, catalogue] = [await look(files.interactions), await look(files.items)];
  if (log === undefined) throw new ValidationError('A file of interactions is needed.');
  expectColumns(log.sample, [...ids, 'TIMESTAMP']);
  const section: Record<string, unknown> = {
    ...events(log, files.solution, reasons),
  };
  for (const name of log.sample.columns) {
    if (logFields.includes(name)) continue;
    dropped.push(`${name} of interactions: ${notUsed[name] ?? 'context is not learnt from'}.`);
  }
  const itemsSchema = files.schemas.find(isOfItems);
  if (catalogue !== undefined) {
    expectColumns(catalogue.sample, ['ITEM_ID']);
    section.items = itemsOf(catalogue, itemsSchema, reasons, dropped);
  } else {
    reasons.push('items: none given; every item counts as known, and its id stands for its title.');
  }
  for (const file of files.users) {
    const { columns } = await sampleFile(file);
    const fields = columns.filter((name) => name !== 'USER_ID');
    dropped.push(
      `${file}: users are known by what they do, so nothing of it is used${fields.length === 0 ? '' : ` (${fields.join(', ')})`}. Do not upload it.`,
    );
  }
  const config = interactionsConfig.parse(section);
  const { reports, users } = await tryOut(config, files.interactions, files.items);
  const [sequences, why] = coreOf(users);
  return {
    config: { interactions: section, ...(Object.keys(sequences).length > 0 && { sequences }) },
    reasons: [...reasons, why],
    dropped,
    reports,
  };
}

interface Looked {
  readonly sample: Sample;
  readonly profiles: readonly Profile[];
}

/** The first of files that are of one kind. */
async function look([file]: readonly string[]): Promise<Looked | undefined> {
  if (file === undefined) return undefined;
  const sample = await sampleFile(file);
  return { sample, profiles: profileColumns(sample) };
}

function expectColumns({ file, columns }: Sample, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length === 0) return;
  throw new ValidationError(
    `${file} has no ${missing.join(', ')}, which Personalize demands; its columns are ${columns.join(', ')}. For other files there is \`npx lea init\`.`,
  );
}

/** Rewards of event types and what their values mean. */
function events(
  { sample, profiles }: Looked,
  solution: readonly EventParameter[] | undefined,
  reasons: string[],
): Record<string, unknown> {
  const section: Record<string, unknown> = {};
  if (sample.columns.includes('EVENT_VALUE')) section.columns = { value: 'EVENT_VALUE' };
  const types = profiles.find(({ name }) => name === 'EVENT_TYPE')?.common.map(([type]) => type);
  if (solution !== undefined) {
    const isOfAll = solution.some(({ eventType }) => eventType === '*');
    const named: readonly EventParameter[] = isOfAll
      ? (types ?? []).map((eventType) => ({ eventType }))
      : solution;
    const counted = Object.fromEntries(named.map((one) => [one.eventType, one.weight ?? 1]));
    const others = (types ?? []).filter((type) => !Object.hasOwn(counted, type));
    section.eventRewards = {
      ...counted,
      ...Object.fromEntries(others.map((type) => [type, 0])),
    };
    reasons.push(
      isOfAll
        ? 'eventRewards: the solution names no event type, so all of them count alike.'
        : `eventRewards: the weights of the solution${others.length === 0 ? '' : `; those that it leaves out count for 0: ${others.join(', ')}`}.`,
    );
    const values = solution.flatMap(({ eventType, threshold }) =>
      threshold === undefined ? [] : [[eventType, { as: 'rating', likedFrom: threshold }] as const],
    );
    if (values.length > 0) {
      section.reward = { values: Object.fromEntries(values) };
      reasons.push(
        `reward.values: events below the solution's threshold do not count (${values.map(([type, { likedFrom }]) => `${type === '*' ? 'all' : type} from ${likedFrom}`).join(', ')}).`,
      );
    }
    return section;
  }
  const rewards = (types ?? []).flatMap((type) => {
    const reward = rewardOf(type);
    return reward === undefined ? [] : [[type, reward] as const];
  });
  if (rewards.length > 0) section.eventRewards = Object.fromEntries(rewards);
  if (types !== undefined) {
    reasons.push(
      `eventRewards, by what the types are called: ${rewards.map(([type, reward]) => `${type} ${reward}`).join(', ') || 'none'}; others count for 1. --solution FILE takes the weights of your solution.`,
    );
  }
  if (section.columns !== undefined) {
    reasons.push(
      'value: EVENT_VALUE. It does not count until interactions.reward.values says what it means.',
    );
  }
  return section;
}

const isOfItems = ({ fields }: Schema) => {
  const names = fields.map(({ name }) => name);
  return names.includes('ITEM_ID') && !names.includes('USER_ID');
};

/** Texts and lists of the catalogue; numbers and times say nothing to a language model. */
function itemsOf(
  { sample, profiles }: Looked,
  schema: Schema | undefined,
  reasons: string[],
  dropped: string[],
): Record<string, unknown> {
  const others = profiles.filter(({ name }) => name !== 'ITEM_ID');
  const fieldOf = (name: string) => schema?.fields.find((field) => field.name === name);
  const texts = others.filter((profile) => isText(profile, fieldOf(profile.name)));
  const title = titles
    .map((words) => texts.find(({ name }) => words.test(name.toUpperCase())))
    .find((found) => found !== undefined);
  const columns: Record<string, unknown> = { title: title?.name ?? 'ITEM_ID' };
  reasons.push(
    title === undefined
      ? 'items, title: no column is a title, so the id stands for it. Add one: it is the first thing that the language model reads.'
      : `items, title: ${title.name}.`,
  );
  for (const profile of texts) {
    if (profile === title) continue;
    const isList = fieldOf(profile.name)?.categorical === true || profile.some(/\|/);
    columns[profile.name.toLowerCase()] = isList
      ? { column: profile.name, split: '|' }
      : profile.name;
    reasons.push(
      `items, ${profile.name.toLowerCase()}: ${profile.name}${isList ? ', a list separated by |' : ''}.`,
    );
  }
  for (const profile of others) {
    if (texts.includes(profile)) continue;
    dropped.push(`${profile.name} of items: numbers and times say nothing to the language model.`);
  }
  for (const { name } of schema?.fields ?? []) {
    if (sample.columns.includes(name)) continue;
    reasons.push(`items: the schema names ${name}, but ${sample.file} has no such column.`);
  }
  return { columns, otherColumns: 'leave-out' };
}

/** By the schema, and without one by what is in it. */
function isText({ name, decimal, time }: Profile, field: SchemaField | undefined): boolean {
  if (name === 'CREATION_TIMESTAMP') return false;
  if (field === undefined) return decimal === undefined && time === undefined;
  return (
    field.textual === true || field.categorical === true || [field.type].flat().includes('string')
  );
}
