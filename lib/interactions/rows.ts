import * as z from 'zod';
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
  /** Line of the uploaded file. */
  readonly line: number;
}

/** One item of the catalogue as ingestion writes it. */
export interface Item {
  readonly item_id: string;
  readonly title: string;
  /** The other text fields, by name. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What the checks of rows need to know besides the row. */
export interface RowRules {
  /** Longest id, in characters. */
  readonly maximumIdLength: number;
  /** The last credible moment of an interaction, Unix seconds. */
  readonly latestTimestamp: number;
  /** The items of the catalogue; undefined when there is none, and then no item is unknown. */
  readonly knownItems: ReadonlySet<string> | undefined;
}

/** A row as its file has it: parsed, not yet checked. */
export type FileRow = Readonly<Record<string, unknown>>;

const textOrNumber = z.union([z.string(), z.number()]);

/** Types of the fields of an uploaded interaction; other fields are not read. */
const interactionRow = z.object({
  user_id: textOrNumber.describe('text or a number'),
  item_id: textOrNumber.describe('text or a number'),
  timestamp: textOrNumber.describe('a number or an ISO 8601 text'),
  event_type: z.string().nullish().describe('text'),
  value: z.number().nullish().describe('a number'),
});

/** Types of the required fields of an uploaded item. */
const itemRow = z.looseObject({
  item_id: textOrNumber.describe('text or a number'),
  title: textOrNumber.describe('text'),
});

/** The fields of an interaction; a file's other fields are not used. */
export const interactionFields: readonly string[] = Object.keys(interactionRow.shape);
export const requiredFields = {
  logs: ['user_id', 'item_id', 'timestamp'],
  catalog: ['item_id', 'title'],
} as const;

/** Checks one row of a log. */
export function checkInteraction(
  row: FileRow,
  rules: RowRules,
  line: number,
): Checked<Interaction> {
  const parsed = interactionRow.safeParse(row);
  if (!parsed.success) return explainTypes(parsed.error, row, interactionRow.shape);
  const { user_id, item_id, timestamp, event_type, value } = parsed.data;
  const problem =
    checkId('user_id', user_id, rules) ??
    checkId('item_id', item_id, rules) ??
    checkEventType(event_type, rules);
  if (problem) return problem;
  if (timestamp === '') return reject('missing-field', 'timestamp is empty');
  const seconds = parseTimestamp(timestamp, rules.latestTimestamp);
  if (typeof seconds !== 'number') return seconds;
  const item = String(item_id);
  if (rules.knownItems && !rules.knownItems.has(item)) {
    return reject('unknown-item', 'item_id is in no catalogue upload that came before this file');
  }
  return {
    row: {
      user_id: String(user_id),
      item_id: item,
      timestamp: seconds,
      event_type: event_type || null,
      value: value ?? null,
      line,
    },
  };
}

/** Checks one row of a catalogue. Fields other than the required ones are kept as text. */
export function checkItem(row: FileRow, rules: RowRules): Checked<Item> {
  const parsed = itemRow.safeParse(row);
  if (!parsed.success) return explainTypes(parsed.error, row, itemRow.shape);
  const { item_id, title, ...others } = parsed.data;
  const problem = checkId('item_id', item_id, rules);
  if (problem) return problem;
  if (String(title).trim() === '') return reject('missing-field', 'title is empty');
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(others)) {
    const text = asText(value);
    if (text === undefined) {
      return reject('wrong-type', `${name} must be text, a number, or a list of these`);
    }
    if (text !== '') fields[name] = text;
  }
  const item = { item_id: String(item_id), title: String(title), fields };
  if (![item.title, ...Object.values(fields)].every((text) => text.isWellFormed())) {
    return reject('not-utf8', 'a text contains half a character (a lone surrogate)');
  }
  return { row: item };
}

function checkId(name: string, id: string | number, rules: RowRules): Rejection | undefined {
  const text = String(id);
  const most = rules.maximumIdLength;
  if (text.length > most) {
    const has = `${name} has ${text.length} characters`;
    return reject('id-too-long', `${has}; at most ${most} are allowed`);
  }
  if (text.trim() === '') return reject('missing-field', `${name} is empty`);
  if (!text.isWellFormed()) {
    return reject('not-utf8', `${name} contains half a character (a lone surrogate)`);
  }
  return undefined;
}

function checkEventType(type: string | null | undefined, rules: RowRules): Rejection | undefined {
  if (type && (type.length > rules.maximumIdLength || !type.isWellFormed())) {
    return reject(
      'wrong-type',
      `event_type must be a name of at most ${rules.maximumIdLength} characters`,
    );
  }
  return undefined;
}

/** Text of a catalogue field: lists are joined by commas. Undefined for what has no plain text. */
function asText(value: unknown): string | undefined {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((part) => (Array.isArray(part) ? undefined : asText(part)));
  return texts.includes(undefined) ? undefined : texts.filter((text) => text !== '').join(', ');
}

/** Turns the first type error into a reason. */
function explainTypes(
  error: z.ZodError,
  row: FileRow,
  shape: Readonly<Record<string, { description?: string | undefined }>>,
): Rejection {
  const name = String(error.issues[0]?.path[0] ?? '');
  const value = row[name];
  if (value === undefined) return reject('missing-field', `${name} is absent`);
  if (value === null) return reject('missing-field', `${name} is null`);
  const kind = Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
  return reject('wrong-type', `${name} must be ${shape[name]?.description}, but is ${kind}`);
}
