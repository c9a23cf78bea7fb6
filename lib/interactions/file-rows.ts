import { type CsvDialect, csvFields } from './csv.ts';
import { type Checked, type Rejection, reject } from './reasons.ts';
import type { FileRow } from './rows.ts';

export const fileFormats = ['jsonl', 'csv', 'parquet'] as const;
export type FileFormat = (typeof fileFormats)[number];

/**
 * Parses one JSON object. Whole numbers beyond a double's precision are kept digit by digit, as text.
 *
 * @param documented names that are known in any case
 */
export function parseJsonRow(text: string, documented: readonly string[] = []): Checked<FileRow> {
  if (!JSON_BEGINS.test(text)) return explainBroken(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (losesDigits(value as FileRow)) value = JSON.parse(text, keepDigits);
  } catch {
    return explainBroken(text);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return reject('wrong-type', 'the line must be one JSON object, {...}');
  }
  return { row: withDocumentedNames(value as FileRow, documented) };
}

/**
 * Parses one CSV record. Empty fields and columns without a name are absent, and so are empty fields after the last column:
 * a comma that ends each row.
 *
 * @param columns the names of the header line
 */
export function parseCsvRow(
  text: string,
  columns: readonly string[],
  dialect?: CsvDialect,
): Checked<FileRow> {
  const fields = withoutEmptyRest(csvFields(text, dialect), columns.length);
  if (fields.length !== columns.length) {
    return reject(
      'wrong-column-count',
      `the line has ${fields.length} fields; there are ${columns.length} columns`,
    );
  }
  const row: Record<string, unknown> = {};
  for (let i = 0; i < columns.length; i++) {
    if (fields[i] !== '' && columns[i] !== '') row[columns[i]!] = fields[i];
  }
  return { row };
}

/** The fields of a row without those that come after its last column, if all of them are empty. */
export function withoutEmptyRest(fields: string[], columns: number): string[] {
  return fields.slice(columns).every((field) => field === '') ? fields.slice(0, columns) : fields;
}

/** Column names of a CSV header line: without surrounding blanks, documented names in any case. */
export function parseCsvHeader(
  text: string,
  documented: readonly string[],
  dialect?: CsvDialect,
): string[] {
  return csvFields(text, dialect).map((name) => {
    const trimmed = name.trim();
    return documented.find((field) => field === trimmed.toLowerCase()) ?? trimmed;
  });
}

/** A row whose fields have the documented names, where only their case differs. */
function withDocumentedNames(row: FileRow, documented: readonly string[]): FileRow {
  const isOther = (name: string) => {
    if (documented.includes(name)) return false;
    const lower = name.toLowerCase();
    return documented.includes(lower) && !Object.hasOwn(row, lower);
  };
  for (const name in row) {
    if (!isOther(name)) continue;
    return Object.fromEntries(
      Object.entries(row).map(([field, value]) => [
        isOther(field) ? field.toLowerCase() : field,
        value,
      ]),
    );
  }
  return row;
}

const isInexact = (value: unknown) => Number.isInteger(value) && !Number.isSafeInteger(value);

/** Of a list or an object; what is neither is no row in any case. */
function losesDigits(value: FileRow): boolean {
  for (const name in value) {
    const field = value[name];
    if (typeof field === 'object' ? losesDigits(field as FileRow) : isInexact(field)) return true;
  }
  return false;
}

function keepDigits(_: string, value: unknown, context?: { source: string }): unknown {
  return isInexact(value) && DIGITS.test(context!.source) ? context!.source : value;
}

const DIGITS = /^-?\d+$/;

/** What any JSON value begins with. Most lines that are no JSON at all are told by it, without an exception. */
const JSON_BEGINS = /^\s*[[{"\dtfn-]/;
const NAN = /("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b/g;

/** Says what a line is that JSON cannot read. */
function explainBroken(text: string): Rejection {
  if (isJsonButForNan(text)) {
    return reject('nan-in-json', 'the line has NaN or Infinity where a value belongs');
  }
  if (/^\s*\{\s*'/.test(text)) {
    return reject('broken-json', "the line is in Python's notation, with single quotes");
  }
  return reject('broken-json', 'the line is not one complete JSON value');
}

function isJsonButForNan(text: string): boolean {
  if (!text.includes('NaN') && !text.includes('Infinity')) return false;
  return isJson(text.replaceAll(NAN, (_, quoted) => quoted ?? 'null'));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
