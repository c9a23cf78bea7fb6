import { resolve } from 'node:path';
import type { Asker, TitledRecommendation } from '../artefacts/recommendation.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { placeOptions, placeUsage, readPlace, withBucket } from './place.ts';

/** Of a history, its newest items are shown. */
const historyShown = 5;

/** Lists by the model in service, with titles. */
export const recommend: Command = {
  usage: `Usage: npx lea recommend (--out DIR | --bucket NAME) (--user ID | --history ID,ID,... | --all FILE)
                         [--count N] [--time TIME] [--json]

${placeUsage}
  --user ID        a user of the uploaded logs
  --history ID,... or somebody who took these items, the newest last
  --all FILE       or everybody that the newest night has met, as gzipped JSON lines in FILE
  --count N        length of a list (default: 10)
  --time TIME      as of when, ISO 8601 (default: when the newest action was that has been counted)
  --json           everything there is to know of the list, for programs`,
  needs: [],
  prepare(args) {
    const { out, bucket, user, history, all, ...options } = readOptions(args, {
      ...placeOptions,
      user: { type: 'string' },
      history: { type: 'string' },
      all: { type: 'string' },
      count: { type: 'string', default: '10' },
      time: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const place = readPlace({ out, bucket });
    if ([user, history, all].filter((given) => given !== undefined).length !== 1) {
      throw new UsageError('One of --user, --history and --all is needed.');
    }
    const request = { count: readCount(options.count), time: readTime(options.time) };
    if (all !== undefined) {
      return () =>
        withBucket(place, async (objects) => {
          const { writeAllLists } = await import('../artefacts/lists.ts');
          const users = await writeAllLists(objects, resolve(all), request);
          console.log(`${users} lists are in ${all}.`);
          return 0;
        });
    }
    const asker: Asker = user !== undefined ? { user } : { history: readIds(history!) };
    return () =>
      withBucket(place, async (objects) => {
        const { recommendTo } = await import('../artefacts/recommendation.ts');
        const made = await recommendTo(objects, { asker, ...request });
        console.log(options.json ? JSON.stringify(made, null, 2) : describe(made));
        return 0;
      });
  },
};

function describe(made: TitledRecommendation): string {
  const { user_id, history, items, champion, source, unknownItems } = made;
  const shown = history.slice(-historyShown);
  const taken = `${history.length} ${history.length === 1 ? 'item' : 'items'}`;
  const makers = {
    model: `${champion.name} of run ${champion.run}`,
    popularity: 'what is popular of late, for the model knows none of the history',
  };
  return [
    user_id === null ? `After ${taken}` : `User ${user_id}, ${taken} of late`,
    ...(shown.length < history.length ? ['  ...'] : []),
    ...shown.map((item) => `  ${(item.time ?? '').slice(0, 10).padEnd(10)}  ${describeItem(item)}`),
    ...(unknownItems.length === 0 ? [] : [`  unknown to the model: ${unknownItems.join(', ')}`]),
    '',
    `Recommended by ${makers[source]}, as of ${made.time.slice(0, 16).replace('T', ' ')} UTC`,
    ...items.map(
      (item, place) =>
        `${String(place + 1).padStart(4)}  ${(item.score?.toFixed(3) ?? '').padStart(8)}  ${describeItem(item)}`,
    ),
  ].join('\n');
}

const describeItem = ({ item_id, title }: { item_id: string; title: string }) =>
  title === item_id ? item_id : `${title}  (${item_id})`;

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1000) return count;
  throw new UsageError(`--count must be a whole number from 1 to 1000, not "${text}".`);
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text) / 1000;
  if (Number.isFinite(time)) return time;
  throw new UsageError(`--time must be a time as 2026-11-28T08:00:00Z, not "${text}".`);
}

function readIds(text: string): string[] {
  const ids = text.split(',').map((id) => id.trim());
  if (ids.every((id) => id !== '')) return ids;
  throw new UsageError('--history must be item ids with single commas between.');
}
