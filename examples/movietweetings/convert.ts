/**
 * Puts MovieTweetings (`ratings.dat`, `movies.dat`) into the upload format.
 *
 * Usage: node bin/node.mjs examples/movietweetings/convert.ts --source DIR --out DIR [--limit-users N]
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createUserLimit, type ItemRow, readOptions, writeUpload } from '../shared/upload-files.ts';

const options = readOptions();
const admit = createUserLimit(options.limitUsers);

/** Fields are separated by `::`; titles may contain a single colon. */
async function readRows(name: string): Promise<string[][]> {
  const text = await readFile(join(options.source, name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('::'));
}

// user::imdb id::rating 0-10::Unix seconds
const interactions = (await readRows('ratings.dat'))
  .filter(([user]) => admit(user!))
  .map(([user, movie, rating, time]) => ({
    user_id: user!,
    item_id: movie!,
    timestamp: Number(time),
    event_type: 'rating',
    value: Number(rating),
  }));

// imdb id::title (year)::genre|genre
const items = (await readRows('movies.dat')).map(([movie, name, genres]): ItemRow => {
  const [, title, year] = /^(.*) \((\d{4})\)$/.exec(name!) ?? [undefined, name!, undefined];
  return {
    item_id: movie!,
    title: title!,
    ...(year !== undefined && { year }),
    ...(genres && { genres: genres.split('|').join(', ') }),
  };
});

await writeUpload(options, interactions, items);
