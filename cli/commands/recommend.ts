import { resolve } from 'node:path';
import { parseRequest, recommendRequest } from '#lib/serving/request.ts';
import type { ListFormat } from '../artefacts/lists.ts';
import type { TitledItem, TitledRecommendation } from '../artefacts/recommendation.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace } from './place.ts';
import { readIds, readWanted, wantedOptions, wantedUsage } from './wanted.ts';

/** Of a history, its newest items are shown. */
const historyShown = 5;

/** Lists by the model in service, with titles. */
export const recommend: Command = {
  usage: `Usage: npx lea recommend (--out DIR | --bucket NAME) (--user ID | --history ID,ID,... | --all FILE)
                         [--count N] [--exclude ID,...] [--only ID,...] [--where FIELD=VALUE ...]
                         [--exclude-seen true|false] [--time TIME] [--json]

${placeUsage}
  --user ID        a user of the uploaded logs
  --history ID,... or somebody who took these items, the newest last
  --all FILE       or everybody that the newest night has met, in FILE: .csv has a row for every user and place, with
                   titles, .jsonl a line for every user; .csv.gz and .jsonl.gz the same gzipped
${wantedUsage}
  --exclude-seen   whether the list leaves out what the user has taken (default: as the model was trained)
  --time TIME      as of when, ISO 8601 (default: when the newest action was that has been counted)
  --json           everything there is to know of the list, for programs`,
  needs: [],
  prepare(args) {
    const { out, bucket, environment, user, history, all, ...options } = readOptions(args, {
      ...placeOptions,
      user: { type: 'string' },
      history: { type: 'string' },
      all: { type: 'string' },
      ...wantedOptions,
      'exclude-seen': { type: 'string' },
      time: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const place = readPlace({ out, bucket, environment });
    if ([user, history, all].filter((given) => given !== undefined).length !== 1) {
      throw new UsageError('One of --user, --history and --all is needed.');
    }
    const wanted = readWanted(options);
    const time = readTime(options.time);
    const seen = options['exclude-seen'];
    if (seen !== undefined && seen !== 'true' && seen !== 'false') {
      throw new UsageError(`--exclude-seen must be true or false, not "${seen}".`);
    }
    if (all !== undefined) {
      const format = listFormat(all);
      const { count, ...others } = wanted;
      if (Object.keys(others).length > 0 || seen !== undefined) {
        throw new UsageError(
          'Lists of --all are as the batch makes them: only --count and --time.',
        );
      }
      return () =>
        lookIntoBucket(place, async (objects) => {
          const { writeAllLists } = await import('../artefacts/lists.ts');
          const { Progress, tellUsers } = await import('../one-machine/progress.ts');
          const { listenForInterruption } = await import('../process/interruption.ts');
          const progress = new Progress(Date.now(), process.stderr);
          using interruption = listenForInterruption(() =>
            progress.say(`stopped; ${all} was not written`),
          );
          const { signal } = interruption;
          const options = { format, count, time, onUsers: tellUsers(progress), signal };
          const users = await writeAllLists(objects, resolve(all), options).finally(() =>
            progress.clear(),
          );
          console.log(`${users} lists are in ${all}.`);
          return 0;
        });
    }
    const request = parseRequest(recommendRequest, {
      ...(user !== undefined ? { user_id: user } : { history: readIds('--history', history!) }),
      ...wanted,
      ...(seen !== undefined && { exclude_seen: seen === 'true' }),
      ...(time !== undefined && { context: { time } }),
    });
    return () =>
      lookIntoBucket(place, async (objects) => {
        const { recommendTo } = await import('../artefacts/recommendation.ts');
        const made = await recommendTo(objects, request);
        console.log(options.json ? JSON.stringify(made, null, 2) : describe(made));
        return 0;
      });
  },
};

/** What a file's name says of its format. @throws UsageError where it says nothing that is known */
function listFormat(file: string): ListFormat {
  const [, kind, packed] = /\.(csv|jsonl)(\.gz)?$/i.exec(file) ?? [];
  if (kind !== undefined) {
    return { isCsv: kind.toLowerCase() === 'csv', isGzipped: packed !== undefined };
  }
  throw new UsageError(
    `The name of --all says its format: "${file}" has to end in .csv, .csv.gz, .jsonl or .jsonl.gz.`,
  );
}

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
    ...(items.length === 0 ? ['  nothing: no item is left'] : describeList(items)),
  ].join('\n');
}

/** Numbered lines with scores and titles. */
export function describeList(
  items: readonly (TitledItem & {
    readonly score?: number | undefined;
    readonly source?: string;
  })[],
): string[] {
  return items.map((item, place) => {
    const score = (item.score?.toFixed(3) ?? '').padStart(8);
    const cold = item.source === 'cold item' ? '  [new]' : '';
    return `${String(place + 1).padStart(4)}  ${score}  ${describeItem(item)}${cold}`;
  });
}

/** The title with the id, or the id alone where there is no title. */
export const describeItem = ({ item_id, title }: TitledItem): string =>
  title === item_id ? item_id : `${title}  (${item_id})`;

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text) / 1000;
  if (Number.isFinite(time)) return time;
  throw new UsageError(`--time must be a time as 2026-11-28T08:00:00Z, not "${text}".`);
}
