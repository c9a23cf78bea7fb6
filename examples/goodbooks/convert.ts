/**
 * Puts goodbooks-10k (`ratings.csv.gz`, `books.csv.gz`) into the upload format.
 *
 * The ratings have no time, but their rows are in the order of time: row n becomes n seconds after `origin`, so that
 * order is kept; distances in time mean nothing.
 *
 * Usage: node bin/node.mjs examples/goodbooks/convert.ts --source DIR --out DIR [--limit-users N]
 */
import { join } from 'node:path';
import { parse } from 'csv-parse';
import {
  createUserLimit,
  type InteractionRow,
  type ItemRow,
  openFile,
  readOptions,
  writeUpload,
} from '../shared/upload-files.ts';

/** 2017-09-01T00:00:00Z, when the data set was published. */
const origin = Date.UTC(2017, 8, 1) / 1000;

const options = readOptions();
const admit = createUserLimit(options.limitUsers);
const rows = (name: string) => openFile(join(options.source, name)).pipe(parse({ columns: true }));

const interactions: InteractionRow[] = [];
let position = 0;
for await (const { user_id, book_id, rating } of rows('ratings.csv.gz')) {
  const timestamp = origin + position++;
  if (!admit(user_id)) continue;
  const value = Number(rating);
  interactions.push({ user_id, item_id: book_id, timestamp, event_type: 'rating', value });
}

const items: ItemRow[] = [];
for await (const book of rows('books.csv.gz')) {
  // Years are written as 2008.0, or left empty.
  const year = book.original_publication_year.replace(/\.0$/, '');
  items.push({
    item_id: book.book_id,
    title: book.title,
    ...(book.authors && { authors: book.authors }),
    ...(year && { year }),
    ...(book.language_code && { language: book.language_code }),
  });
}

await writeUpload(options, interactions, items);
