const QUOTE = 34;
const COMMA = 44;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Where a CSV record that contains quotes ends. */
export type RecordEnd =
  /** Index of its line feed, or of the end of the data. */
  | number
  /** The data ends before the record does. */
  | 'incomplete'
  /** Text follows a closing quote. */
  | 'broken';

/**
 * Finds the end of the CSV record that begins at `start` (RFC 4180: a quoted field may contain separators, line breaks
 * and doubled quotes; it opens right after a separator or the start). A quote inside an unquoted field is plain text.
 *
 * @param final true when no data follows, so that the end of the data ends the record
 * @param separator the byte between fields
 */
export function findRecordEnd(
  data: Buffer,
  start: number,
  final: boolean,
  separator = COMMA,
): RecordEnd {
  let at = start;
  for (;;) {
    // At the start of a field.
    if (data[at] === QUOTE) {
      at = findClosingQuote(data, at + 1);
      if (at === -1) return 'incomplete';
      at++;
      if (data[at] === CARRIAGE_RETURN && (data[at + 1] === LINE_FEED || at + 1 === data.length)) {
        at++;
      }
      if (at === data.length) return final ? at : 'incomplete';
      if (data[at] !== separator && data[at] !== LINE_FEED) return 'broken';
    } else {
      while (at < data.length && data[at] !== separator && data[at] !== LINE_FEED) at++;
      if (at === data.length) return final ? at : 'incomplete';
    }
    if (data[at] === LINE_FEED) return at;
    at++;
  }
}

function findClosingQuote(data: Buffer, from: number): number {
  let at = from;
  for (;;) {
    at = data.indexOf(QUOTE, at);
    if (at === -1 || data[at + 1] !== QUOTE) return at;
    at += 2;
  }
}

/** How the fields of a CSV record are told apart. */
export interface CsvDialect {
  /** Of several characters only where quotes mean nothing. */
  readonly separator: string;
  readonly quotes: boolean;
}

export const commas: CsvDialect = { separator: ',', quotes: true };

/** The fields of one CSV record whose end `findRecordEnd` found; without the line break. */
export function csvFields(record: string, { separator, quotes } = commas): string[] {
  if (!quotes || !record.includes('"')) return record.split(separator);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let end: number;
    if (record[at] === '"') {
      end = at + 1;
      for (;;) {
        end = record.indexOf('"', end);
        if (end === -1) end = record.length;
        if (record[end + 1] !== '"') break;
        end += 2;
      }
      fields.push(record.slice(at + 1, end).replaceAll('""', '"'));
      end++;
    } else {
      end = record.indexOf(separator, at);
      if (end === -1) end = record.length;
      fields.push(record.slice(at, end));
    }
    if (end >= record.length) return fields;
    at = end + 1;
  }
}
