import * as z from 'zod';
import { readId } from './ids.ts';
import { isShortened, readNumber, signOfAmount } from './numbers.ts';
import { type Checked, type Rejection, reject } from './reasons.ts';
import { parseTimestamp } from './timestamps.ts';

/** One interaction as ingestion writes it. */
export interface Interaction {
  readonly user_id: string;
  readonly item_id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly event_type: string | null;
  readonly value: number | null;
  /** The answer that it followed; absent where nobody says so. */
  readonly recommendation_id?: string;
  /** Line of the uploaded file; number of the object, where the file is a series of JSON objects. */
  readonly line: number;
}

/** One item of the catalogue as ingestion writes it. */
export interface Item {
  readonly item_id: string;
  readonly title: string;
  /** The other text fields, by name. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Something about a row that was taken which its team should know. */
export const notes = [
  /** Blanks or control characters were around an id (user and item each). */
  'trimmed-id',
  /** An id is a word for "nothing". */
  'placeholder-user',
  'placeholder-item',
  /** A spreadsheet has cut the digits of an id, or of a time. */
  'shortened-id',
  'shortened-time',
  /** An optional field had a word for "nothing". */
  'placeholder-field',
  /** An item has no title; its id stands for it. */
  'absent-title',
] as const;
export type Note = (typeof notes)[number];

/** What the checks of rows need to know besides the row. */
export interface RowRules {
  /** Longest id, in characters. */
  readonly maximumIdLength: number;
  /** The last credible moment of an interaction, Unix seconds. */
  readonly latestTimestamp: number;
  /** The items of the catalogue; undefined when there is none, and then no item is unknown. */
  readonly knownItems: ReadonlySet<string> | undefined;
}

/** Who hears what the checks notice of a row that they may take all the same. */
export interface RowListener {
  note(note: Note): void;
  /** Told of a field of an item that has no plain text. */
  leftOut(field: string): void;
  /** Told of an item that the catalogue does not have. */
  unknown(item: string): void;
}

const nobody: RowListener = { note() {}, leftOut() {}, unknown() {} };

/** A row as its file has it: parsed, not yet checked. */
export type FileRow = Readonly<Record<string, unknown>>;

const textOrNumber = z.union([z.string(), z.number()]);

/** Types of the fields of an uploaded interaction; other fields are not read. */
const interactionRow = z.object({
  user_id: textOrNumber.describe('text or a number'),
  item_id: textOrNumber.describe('text or a number'),
  timestamp: textOrNumber.describe('a number or an ISO 8601 text'),
  event_type: textOrNumber.nullish().describe('text'),
  value: textOrNumber.nullish().describe('a number'),
  recommendation_id: textOrNumber.nullish().describe('text'),
});

type InteractionRow = z.infer<typeof interactionRow>;

const isTextOrNumber = (value: unknown): boolean =>
  typeof value === 'string' || Number.isFinite(value);
const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** What `interactionRow` says of a row, without what it takes to say it of a million. */
function hasTypes(row: FileRow): row is FileRow & InteractionRow {
  const { user_id, item_id, timestamp, event_type, value, recommendation_id } = row;
  return (
    isTextOrNumber(user_id) &&
    isTextOrNumber(item_id) &&
    isTextOrNumber(timestamp) &&
    (isAbsent(event_type) || isTextOrNumber(event_type)) &&
    (isAbsent(value) || isTextOrNumber(value)) &&
    (isAbsent(recommendation_id) || isTextOrNumber(recommendation_id))
  );
}

/** Types of the named fields of an uploaded item. */
const itemRow = z.looseObject({
  item_id: textOrNumber.describe('text or a number'),
  title: textOrNumber.nullish().describe('text'),
});

/** The fields of an interaction; a file's other fields are not used. */
export const interactionFields: readonly string[] = Object.keys(interactionRow.shape);
/** What a CSV file must have a column for. */
export const requiredFields = {
  logs: ['user_id', 'item_id', 'timestamp'],
  catalog: ['item_id', 'title'],
} as const;

/** Fields of either kind of file that are known by name, in any case. */
export const namedFields = { logs: interactionFields, catalog: requiredFields.catalog } as const;

/** Checks one row of a log. */
export function checkInteraction(
  row: FileRow,
  rules: RowRules,
  line: number,
  tell = nobody,
): Checked<Interaction> {
  if (!hasTypes(row)) {
    return explainTypes(interactionRow.safeParse(row).error!, row, interactionRow.shape);
  }
  const { timestamp } = row;
  const user = checkId('user_id', row.user_id, rules, tell);
  if (typeof user !== 'string') return user;
  const item = checkId('item_id', row.item_id, rules, tell);
  if (typeof item !== 'string') return item;
  const event = checkName('event_type', row.event_type, rules, tell);
  if (event !== null && typeof event !== 'string') return event;
  const value = checkValue(row.value, tell);
  if (value !== null && typeof value !== 'number') return value;
  if (timestamp === '') return reject('missing-field', 'timestamp is empty');
  const seconds = parseTimestamp(timestamp, rules.latestTimestamp);
  if (typeof seconds !== 'number') return seconds;
  if (typeof timestamp === 'string' && isShortened(timestamp)) tell.note('shortened-time');
  if (rules.knownItems && !rules.knownItems.has(item)) {
    tell.unknown(item);
    const nothing = isPlaceholder(item) ? 'is a word for "nothing" and ' : '';
    return reject(
      'unknown-item',
      `item_id ${nothing}is in no catalogue upload that came before this file`,
    );
  }
  const answer = checkName('recommendation_id', row.recommendation_id, rules, tell);
  if (answer !== null && typeof answer !== 'string') return answer;
  const recommendation = answer === null ? {} : { recommendation_id: answer };
  const known = { user_id: user, item_id: item, timestamp: seconds, event_type: event, value };
  return { row: { ...known, ...recommendation, line } };
}

/**
 * Checks one row of a catalogue. Fields other than the named ones are kept as text; those that have no plain text,
 * because objects are in them, are left out.
 */
export function checkItem(row: FileRow, rules: RowRules, tell = nobody): Checked<Item> {
  const parsed = itemRow.safeParse(row);
  if (!parsed.success) return explainTypes(parsed.error, row, itemRow.shape);
  const id = checkId('item_id', parsed.data.item_id, rules, tell);
  if (typeof id !== 'string') return id;
  let title = optionalText(String(parsed.data.title ?? ''), tell);
  if (title.trim() === '') {
    tell.note('absent-title');
    title = id;
  }
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(row)) {
    if (name === 'item_id' || name === 'title') continue;
    const text = asText(value);
    if (text === undefined || name === '' || name === '__proto__') tell.leftOut(name);
    else if (optionalText(text, tell) !== '') fields.set(name, text);
  }
  if (![title, ...fields.values()].every((text) => text.isWellFormed())) {
    return reject('not-utf8', 'a text contains half a character (a lone surrogate)');
  }
  return { row: { item_id: id, title, fields: Object.fromEntries(fields) } };
}

function checkId(
  name: 'user_id' | 'item_id',
  value: string | number,
  rules: RowRules,
  tell: RowListener,
): string | Rejection {
  const id = readId(name, value, rules.maximumIdLength);
  if (typeof id !== 'string' || typeof value !== 'string') return id;
  if (id !== value) tell.note('trimmed-id');
  if (isPlaceholder(id)) tell.note(name === 'user_id' ? 'placeholder-user' : 'placeholder-item');
  else if (isShortened(id)) tell.note('shortened-id');
  return id;
}

function checkName(
  field: 'event_type' | 'recommendation_id',
  value: string | number | null | undefined,
  rules: RowRules,
  tell: RowListener,
): string | null | Rejection {
  if (value === null || value === undefined) return null;
  const name = optionalText(String(value).trim(), tell);
  if (name.length > rules.maximumIdLength || !name.isWellFormed() || name === '__proto__') {
    return reject(
      'wrong-type',
      `${field} must be a name of at most ${rules.maximumIdLength} characters`,
    );
  }
  return name === '' ? null : name;
}

function checkValue(
  value: string | number | null | undefined,
  tell: RowListener,
): number | null | Rejection {
  if (typeof value !== 'string') return value ?? null;
  const text = optionalText(value.trim(), tell);
  if (text === '') return null;
  return (
    readNumber(text) ?? reject('wrong-type', `value must be a number, but ${kindOfText(text)}`)
  );
}

/** What a text is that is no number, and what to do where that is known. */
function kindOfText(text: string): string {
  const sign = signOfAmount(text);
  if (sign !== undefined) {
    const what = sign === ',' ? 'has a decimal comma' : 'is an amount';
    return `${what}; say "decimal": "${sign}" in interactions.columns.value`;
  }
  return 'is other text';
}

/** A text, or nothing if it stands for that. */
function optionalText(text: string, tell: RowListener): string {
  if (!isPlaceholder(text)) return text;
  tell.note('placeholder-field');
  return '';
}

/** Text of a catalogue field: lists, also in lists, are joined by commas. Undefined for what has no plain text. */
function asText(value: unknown): string | undefined {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.map(asText);
  return texts.includes(undefined) ? undefined : texts.filter((text) => text !== '').join(', ');
}

/** Turns the first type error into a reason. */
function explainTypes(
  error: z.ZodError,
  row: FileRow,
  shape: Readonly<Record<string, { description?: string | undefined }>>,
): Rejection {
  const name = String(error.issues[0]!.path[0]);
  const value = row[name];
  if (value === undefined) {
    const similar = Object.keys(row).find(
      (other) => other !== name && plainName(other) === plainName(name),
    );
    const instead = similar === undefined ? '' : `; the row has "${similar}"`;
    return reject('missing-field', `${name} is absent${instead}`);
  }
  if (value === null) return reject('missing-field', `${name} is null`);
  const kind = Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
  return reject('wrong-type', `${name} must be ${shape[name]!.description}, but is ${kind}`);
}

const plainName = (name: string) => name.replaceAll(/[_\s-]/g, '').toLowerCase();

/** What tools write for "nothing": databases, pandas, R, spreadsheets, JavaScript. Letter by letter. */
const placeholders = new Set(
  '\\N NULL Null null (null) <null> NaN nan NAN <NA> NA N/A n/a #N/A NaT None NONE nil undefined - -- – —'.split(
    ' ',
  ),
);
const longestPlaceholder = 9;
const firstLetters = new Set([...placeholders].map((text) => text.charCodeAt(0)));

/** True for a text that stands for "nothing". */
export const isPlaceholder = (text: string): boolean =>
  text.length <= longestPlaceholder &&
  firstLetters.has(text.charCodeAt(0)) &&
  placeholders.has(text);
