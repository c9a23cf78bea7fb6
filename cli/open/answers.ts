import * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { gunzippedLines } from '#lib/interactions/packing.ts';
import { uploadReport } from '#lib/interactions/report.ts';
import { answerRecommend, answerSimilar } from '#lib/serving/answer.ts';
import { parseRequest, recommendRequest, similarRequest } from '#lib/serving/request.ts';
import type { Objects } from '#platform/objects.ts';
import { recommendWith } from '../artefacts/recommendation.ts';
import { readStatus } from '../artefacts/status.ts';
import type { Opened, Service } from './service.ts';
import { createUsers } from './users.ts';

/** Nights and uploads that the page lists, items and users that it proposes, quarantined rows that it shows. */
const nightsShown = 60;
const proposed = 20;
const quarantinedShown = 100;

/** What the page can ask, by name; the parameters are texts of the address. */
export type Answers = Readonly<
  Record<string, (parameters: Readonly<Record<string, string>>) => Promise<unknown>>
>;

const uploadName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/);

/** @param objects are read, never written */
export function createAnswers(objects: Objects, service: Service): Answers {
  return {
    status: () => readStatus(objects, nightsShown),

    users: ({ begins = '' }) =>
      service.use(async ({ now }) => {
        const users = createUsers(objects, now.directory.run);
        const [ids, anybody] = [await users.beginningWith(begins, proposed), await users.anybody()];
        return { users: ids, anybody };
      }),

    items: ({ text = '' }) =>
      service.use(async ({ now }) => ({ items: findItems(now.directory.items, text) })),

    titles: ({ items = '' }) =>
      service.use(async ({ now }) => ({
        items: idsOf(items).map((item_id) => ({ item_id, title: now.directory.titleOf(item_id) })),
      })),

    recommend: ({ user, history, count = '10' }) => {
      const request = parseRequest(recommendRequest, {
        ...(user !== undefined && { user_id: user }),
        ...(history !== undefined && { history: idsOf(history) }),
        count: Number(count),
      });
      return service.use(async (opened) => {
        const made = await recommendWith(opened.now, request);
        const context = { ...request.context, time: Date.parse(made.time) / 1000 };
        return {
          ...made,
          before: await askBefore(opened, { ...request, context }, made.requestId),
          environment: user === undefined ? null : ((await opened.environment.of(user)) ?? null),
        };
      });
    },

    similar: ({ item = '', count = '10' }) => {
      const request = parseRequest(similarRequest, { item_id: item, count: Number(count) });
      return service.use(async ({ now }) => answerSimilar(now, request, ''));
    },

    async upload({ upload }) {
      const name = uploadName.safeParse(upload);
      if (!name.success) throw new ValidationError('There is no upload of that name.');
      const report = await objects.getVersion(uploads.report(name.data), uploadReport);
      return {
        report: report?.value ?? null,
        quarantined: await firstQuarantined(objects, name.data, quarantinedShown),
      };
    },
  };
}

/** The same list from the champion before. */
async function askBefore(
  { now, before }: Opened,
  request: Parameters<typeof answerRecommend>[1],
  requestId: string,
) {
  if ('why' in before) return before;
  const { champion, items } = await answerRecommend({ ...now, ...before }, request, requestId);
  return { champion, items };
}

/** A list of ids as the page writes it: JSON, since an id may hold any character. */
function idsOf(text: string): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch (error) {
    throw new ValidationError('Items have to be a JSON list of ids.', { cause: error });
  }
}

/** Items whose title has a text in it, or whose id it is; those that begin with it first, popular ones first. */
function findItems(
  { itemIds, titles }: { readonly itemIds: readonly string[]; readonly titles: readonly string[] },
  text: string,
) {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  const [exact, first, others]: [number[], number[], number[]] = [[], [], []];
  titles.forEach((title, place) => {
    const at = title.toLowerCase().indexOf(wanted);
    if (itemIds[place] === text.trim()) exact.push(place);
    else if (at === 0) first.push(place);
    else if (at > 0) others.push(place);
  });
  return [...exact, ...first, ...others]
    .slice(0, proposed)
    .map((place) => ({ item_id: itemIds[place]!, title: titles[place]! }));
}

/** The first quarantined rows of an upload, as they are stored; no more is read than is given. */
async function firstQuarantined(
  objects: Objects,
  upload: string,
  count: number,
): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { key } of objects.list(uploads.quarantinePrefix(upload))) {
    for await (const line of gunzippedLines(await objects.getStream(key), key)) {
      if (rows.length === count) return rows;
      rows.push(JSON.parse(line));
    }
  }
  return rows;
}
