import { csvFields } from './csv.ts';
import { type Checked, reject } from './reasons.ts';
import type { FileRow } from './rows.ts';

/** Parses one JSON line. Ids that are numbers beyond a double's precision are kept digit by digit, as text. */
export function parseJsonRow(text: string): Checked<FileRow> {
  let value: { user_id?: unknown; item_id?: unknown } | null;
  try {
    value = JSON.parse(text);
    if (isInexact(value?.user_id) || isInexact(value?.item_id))
      value = JSON.parse(text, keepDigits);
  } catch {
    return reject('broken-json', 'the line is not one complete JSON value');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return reject('wrong-type', 'the line must be one JSON object, {...}');
  }
  return { row: value as FileRow };
}

/**
 * Parses one CSV record. Empty fields are absent; `value` becomes a number where it reads as one.
 *
 * @param columns the names of the header line
 */
export function parseCsvRow(text: string, columns: readonly string[]): Checked<FileRow> {
  const fields = csvFields(text);
  if (fields.length !== columns.length) {
    return reject(
      'wrong-column-count',
      `the line has ${fields.length} fields; the header line has ${columns.length}`,
    );
  }
  const row: Record<string, unknown> = {};
  columns.forEach((column, i) => {
    if (fields[i] !== '') row[column] = fields[i];
  });
  if (typeof row.value === 'string' && isNumber(row.value)) row.value = Number(row.value);
  return { row };
}

/**
 * Column names of a CSV header line: without surrounding blanks or byte order mark, documented names in any case.
 */
export function parseCsvHeader(text: string, documented: readonly string[]): string[] {
  return csvFields(text.replace(/^\uFEFF/, '')).map((name) => {
    const trimmed = name.trim();
    return documented.find((field) => field === trimmed.toLowerCase()) ?? trimmed;
  });
}

const isInexact = (value: unknown) => Number.isInteger(value) && !Number.isSafeInteger(value);

function keepDigits(name: string, value: unknown, context?: { source?: string }): unknown {
  const isId = name === 'user_id' || name === 'item_id';
  return isId && isInexact(value) ? (context?.source ?? value) : value;
}

const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));
