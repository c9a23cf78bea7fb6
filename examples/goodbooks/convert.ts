/**
 * Puts goodbooks-10k (`ratings.csv.gz`, `books.csv.gz`) into the upload format.
 *
 * The ratings have no time, but their rows are in the order of time: row n becomes n seconds after `origin`, so that
 * order is kept; distances in time mean nothing.
 *
 * Usage: node bin/node.mjs examples/goodbooks/convert.ts --source DIR --out DIR [--limit-users N]
 */
import { join } from 'node:path';
import {
  createUserLimit,
  type InteractionRow,
  type ItemRow,
  readOptions,
  readTable,
  writeUpload,
} from '../shared/upload-files.ts';

/** 2017-09-01T00:00:00Z, when the data set was published. */
const origin = Date.UTC(2017, 8, 1) / 1000;

const options = readOptions();
const admit = createUserLimit(options.limitUsers);
const source = (name: string) => join(options.source, name);

const interactions: InteractionRow[] = [];
let position = 0;
const ratings = readTable<'user_id' | 'book_id' | 'rating'>(source('ratings.csv.gz'));
for await (const { user_id, book_id, rating } of ratings) {
  const timestamp = origin + position++;
  if (!admit(user_id)) continue;
  const value = Number(rating);
  interactions.push({ user_id, item_id: book_id, timestamp, event_type: 'rating', value });
}

const items: ItemRow[] = [];
type BookColumn = 'book_id' | 'title' | 'authors' | 'original_publication_year' | 'language_code';
for await (const book of readTable<BookColumn>(source('books.csv.gz'))) {
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
