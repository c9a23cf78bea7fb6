import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import type { FileLayout } from '#lib/contracts/config/columns.ts';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { layoutOf } from '#lib/interactions/columns.ts';
import { inspectContent } from '#lib/interactions/content.ts';
import { csvFields } from '#lib/interactions/csv.ts';
import { dialects } from '#lib/interactions/csv-header.ts';
import { decodeText } from '#lib/interactions/encoding.ts';
import { parseJsonRow, withoutEmptyRest } from '#lib/interactions/file-rows.ts';
import { foreignFormat } from '#lib/interactions/foreign-formats.ts';
import { createRowSplitter } from '#lib/interactions/framing.ts';
import { isRejection } from '#lib/interactions/reasons.ts';
import type { FileRow } from '#lib/interactions/rows.ts';
import { endings, formatOf } from '#lib/interactions/upload-plan.ts';
import { kindOfFile } from '../data/kind-of-file.ts';
import { openLocal, readUploadFile } from '../data/upload-file.ts';

/** The first rows of a file as texts by column, and how it is laid out. */
export interface Sample {
  readonly file: string;
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly columns: readonly string[];
  /** What `interactions.file` has to say, beyond its defaults. */
  readonly layout: Partial<FileLayout>;
}

const ROWS = 10_000;
const number = /^-?\d+(\.\d+)?$/;

/**
 * Looks at the beginning of a file that nothing is known of but its name.
 *
 * @throws ValidationError when it cannot be read, or has no rows
 */
export async function sampleFile(file: string): Promise<Sample> {
  const format = formatOf(file);
  if (format === undefined) {
    throw new ValidationError(
      `The name ${file} does not say what the file is: it must end in ${endings}.`,
    );
  }
  const isWide = await beginsWithMark(file);
  const config = (encoding: FileLayout['encoding']) =>
    interactionsConfig.parse({ file: { encoding }, items: { file: { encoding } } });
  const opened = await openLocal(file, 'catalog', format, config(isWide ? 'utf-16' : 'utf-8'));
  const head = Buffer.from(opened.head);
  const foreign = foreignFormat(head);
  if (foreign !== undefined) throw new ValidationError(`${file} ${foreign}`);
  // A head may end within a character.
  const isText =
    isUtf8(head) || (!opened.isWhole && isUtf8(head.subarray(0, head.lastIndexOf(10))));
  const encoding = isWide ? 'utf-16' : isText ? 'utf-8' : 'latin-1';
  const text = decodeText(head, encoding).replace(/^\uFEFF/, '');
  const found =
    format === 'csv' && !/^\s*[[{]/.test(text)
      ? sampleTable(text)
      : { rows: sampleJson(head, opened.isWhole, file), layout: {} };
  if (found.rows.length === 0) await explainEmpty(file);
  const columns = [...new Set(found.rows.flatMap((row) => Object.keys(row)))].filter(
    (name) => name !== '',
  );
  return {
    file,
    rows: found.rows,
    columns,
    layout: { ...found.layout, ...(encoding !== 'utf-8' && { encoding }) },
  };
}

/** @throws ValidationError with what an upload of the file would be told */
async function explainEmpty(file: string): Promise<never> {
  const config = interactionsConfig.parse({});
  const kind = await kindOfFile(file, config);
  const { message } = await readUploadFile(file, kind, config, undefined, () => undefined);
  throw new ValidationError(message);
}

/** The byte order mark of UTF-16. */
async function beginsWithMark(file: string): Promise<boolean> {
  await using handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return ['fffe', 'feff'].includes(buffer.toString('hex'));
}

function sampleJson(head: Buffer, isWhole: boolean, file: string): Record<string, string>[] {
  const layout = layoutOf(interactionsConfig.parse({}), 'logs');
  const content = inspectContent(head, isWhole, {
    key: file,
    kind: 'logs',
    format: 'jsonl',
    layout,
  });
  if (content === undefined) return [];
  const rows: Record<string, string>[] = [];
  const splitter = createRowSplitter({ ...content, maximumLineBytes: head.length }, (record) => {
    if (rows.length >= ROWS) return;
    const parsed = parseJsonRow(record.bytes.toString('utf8', record.start, record.end));
    if (!isRejection(parsed)) rows.push(Object.fromEntries(texts(parsed.row, '')));
  });
  splitter.push(head.subarray(content.skipBytes));
  if (isWhole) splitter.end();
  return rows;
}

/** The plain values of a row by their names, those of objects in it as `a.b`. */
function* texts(row: FileRow, prefix: string): Generator<[string, string]> {
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) yield [prefix + name, value.join(', ')];
    else if (typeof value === 'object') yield* texts(value as FileRow, `${prefix}${name}.`);
    else yield [prefix + name, String(value)];
  }
}

/** The separator that gives most columns, alike in nearly all lines; the first line is a header if nothing in it is a value. */
function sampleTable(text: string): {
  rows: Record<string, string>[];
  layout: Partial<FileLayout>;
} {
  const lines = text
    .split(/\r\n|\r|\n/)
    .slice(0, ROWS + 1)
    .filter((line) => line.trim() !== '' && !line.startsWith('#') && !/^"?sep=.?"?$/i.test(line));
  if (lines.length > ROWS / 2) lines.pop();
  const widths = dialects.map((dialect) => {
    const [header = [], ...others] = lines.slice(0, 100).map((line) => csvFields(line, dialect));
    const rows = others.map((fields) => withoutEmptyRest(fields, header.length));
    const counts = [header, ...rows].map((fields) => fields.length);
    const usual = counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
    const alike = counts.filter((count) => count === usual).length / Math.max(1, counts.length);
    return { dialect, usual, score: usual > 1 ? usual * alike : 0 };
  });
  const { dialect, usual } = widths.toSorted((a, b) => b.score - a.score)[0]!;
  const [first = [], ...rest] = lines
    .map((line) => csvFields(line, dialect).map((field) => field.trim()))
    .map((fields, _, [header]) => withoutEmptyRest(fields, header!.length))
    .filter((fields) => fields.length === usual);
  const hasHeader =
    new Set(first).size === first.length &&
    !first.some((name) => number.test(name) || /^\d{4}-\d\d/.test(name));
  const names = hasHeader ? first : first.map((_, i) => `column${i + 1}`);
  const rows = (hasHeader ? rest : [first, ...rest]).map((fields) =>
    Object.fromEntries(names.map((name, i) => [name, fields[i]!])),
  );
  const layout = hasHeader ? {} : { separator: dialect.separator, names };
  return { rows, layout };
}
