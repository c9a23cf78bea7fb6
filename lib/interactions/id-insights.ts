import { count, type Insight, number, when } from './insight.ts';
import type { MergedIds, MergedTally } from './merge.ts';
import { describeSpelling, type Spelling } from './spellings.ts';

/** Remarks on ids that are not, or not surely, what was meant. Ids are never put together because of them. */
export function idInsights(merged: MergedTally, hasCatalogue: boolean): Insight[] {
  const { notes, interactions, items } = merged;
  return [
    ...unknownItems(merged),
    ...(interactions ? twoSpellings('user', interactions.users) : []),
    // With a catalogue, only items that are in it are left: its own report counts their spellings.
    ...(interactions && !hasCatalogue ? twoSpellings('item', interactions.items) : []),
    ...(items ? twoSpellings('item', items.items) : []),
    ...placeholders('user', notes['placeholder-user'] ?? 0),
    ...placeholders('item', notes['placeholder-item'] ?? 0),
    ...when(
      (notes['shortened-id'] ?? 0) > 0,
      'shortened-ids',
      `${count(notes['shortened-id'] ?? 0, 'row has', 'rows have')} an id such as 8.80E+12: a spreadsheet has cut its digits, so that different ids became one.`,
      'Export again from the source, without a spreadsheet, or with the id columns formatted as text.',
    ),
    ...when(
      (notes['shortened-time'] ?? 0) > 0,
      'shortened-timestamps',
      `${count(notes['shortened-time'] ?? 0, 'row has', 'rows have')} a timestamp such as 1.70E+12: if a spreadsheet has cut its digits, different times became one.`,
      'Export again from the source, without a spreadsheet, or with the column formatted as text.',
    ),
    ...when(
      (notes['trimmed-id'] ?? 0) > 0,
      'trimmed-ids',
      `Blanks or control characters around ${count(notes['trimmed-id'] ?? 0, 'id')} were taken off.`,
      'Nothing to do. They are taken off in logs and catalogue alike.',
    ),
  ];
}

function unknownItems({ knownBy, reasons }: MergedTally): Insight[] {
  const unknown = reasons['unknown-item']?.count ?? 0;
  return (Object.entries(knownBy) as [Spelling, number][]).flatMap(([spelling, rows]) =>
    when(
      true,
      'unknown-items-spelled-otherwise',
      `${rows === unknown ? `All ${number(unknown)}` : `${number(rows)} of the ${number(unknown)}`} rows of unknown items match an item of the catalogue ${describeSpelling(spelling).match}.`,
      'Write item ids alike in logs and catalogue; they are compared letter by letter.',
    ),
  );
}

function twoSpellings(what: 'user' | 'item', { spelledTwice }: MergedIds): Insight[] {
  return (Object.entries(spelledTwice) as [Spelling, number][]).flatMap(([spelling, ids]) =>
    when(
      true,
      `${what}s-in-two-spellings`,
      `${count(ids, `${what} appears`, `${what}s appear`)} in two spellings that differ ${describeSpelling(spelling).differ}.`,
      `Write each ${what}_id alike everywhere, if they are the same ${what}: ids are compared letter by letter.`,
    ),
  );
}

function placeholders(what: 'user' | 'item', rows: number): Insight[] {
  return when(
    rows > 0,
    `placeholder-${what}s`,
    `${count(rows, 'row has', 'rows have')} a word for "nothing" (NULL, nan, None, \\N and the like) as ${what}_id, which counts as one ${what} a word.`,
    `Leave out rows without ${what === 'user' ? 'a user' : 'an item'}.`,
  );
}
