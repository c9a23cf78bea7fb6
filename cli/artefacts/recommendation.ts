import type { Champion } from '#lib/contracts/champion.ts';
import { championPointer } from '#lib/contracts/champion.ts';
import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import type { AllItems } from '#lib/sequences/everybody.ts';
import { decodeAllItems } from '#lib/sequences/everybody-files.ts';
import { activateTensorflow, loadCounts, loadRecommender } from '#lib/serving/champion-model.ts';
import { findUser } from '#lib/serving/known-user.ts';
import type { Asked, Recommendation, Recommender } from '#lib/serving/recommender.ts';
import type { Objects } from '#platform/objects.ts';
import { newestHistories } from './nights.ts';

/** Whom to recommend to: somebody whose history a night has read, or whoever took these items, oldest first. */
export type Asker = { readonly user: string } | { readonly history: readonly string[] };

export interface TitledItem {
  readonly item_id: string;
  /** The item's id where no catalogue says more. */
  readonly title: string;
}

/** A list, with all that it was made of, in words. */
export interface TitledRecommendation {
  readonly user_id: string | null;
  readonly champion: Pick<Champion, 'run' | 'name' | 'promotedAt'>;
  /** Whose histories and titles were read. */
  readonly historiesOfRun: string;
  /** As of when the list is made, ISO 8601. */
  readonly time: string;
  /** Oldest first; `time` where it is known. */
  readonly history: readonly (TitledItem & { readonly time?: string })[];
  readonly items: readonly (TitledItem & { readonly score?: number })[];
  readonly source: Recommendation['source'];
  readonly unknownItems: readonly string[];
}

export interface RecommendationRequest {
  readonly asker: Asker;
  readonly count: number;
  /** Unix seconds; the time of the newest action that was counted, if nothing is said. */
  readonly time?: number | undefined;
}

/**
 * Asks the model in service, as the deployed function does, and adds titles.
 *
 * @throws MissingArtefactError when nothing is in service
 * @throws ValidationError for a user whom no night has met, or a history of nothing but unknown items
 */
export async function recommendTo(
  objects: Objects,
  { asker, count, time }: RecommendationRequest,
): Promise<TitledRecommendation> {
  const { champion, recommender, countedUntil, run, items } = await openInService(objects);
  try {
    const asked: Asked =
      'user' in asker
        ? await expectUser(objects, run, asker.user, items)
        : { history: asker.history };
    const asOf = time ?? countedUntil ?? Date.now() / 1000;
    const made = recommender.recommend({ ...asked, time: asOf }, count);
    const titles = titlesOf(items);
    return {
      user_id: 'user' in asker ? asker.user : null,
      champion: { run: champion.run, name: champion.name, promotedAt: champion.promotedAt },
      historiesOfRun: run,
      time: isoOf(asOf),
      history: asked.history.map((id, place) => ({
        ...titles(id),
        ...(asked.historyTimes && { time: isoOf(asked.historyTimes[place]!) }),
      })),
      items: made.items.map((item) => ({ ...titles(item.item_id), ...item })),
      source: made.source,
      unknownItems: made.unknownItems,
    };
  } finally {
    recommender.dispose();
  }
}

/** What recommendations are made with; whoever opens it disposes of the recommender. */
export interface InService {
  readonly champion: Champion;
  readonly recommender: Recommender;
  /** Time of the newest action that was counted, Unix seconds. */
  readonly countedUntil: number | undefined;
  /** The newest run that knows everybody, and its items. */
  readonly run: string;
  readonly items: AllItems;
}

/** @param batch histories that are scored at once */
export async function openInService(objects: Objects, batch = 1): Promise<InService> {
  const champion = (await objects.getVersion(serving.champion, championPointer))?.value;
  const run = champion && (await newestHistories(objects));
  if (champion === undefined || run === undefined) {
    throw new MissingArtefactError(
      'Nothing is in service yet: the first night that ends well puts something there. `npx lea status` tells how nights ended.',
    );
  }
  const items = decodeAllItems(await objects.getBytes(runs.allItems(run)));
  await activateTensorflow(undefined);
  const counts = await loadCounts(objects);
  const recommender = await loadRecommender(objects, champion, { batch, counts });
  return { champion, recommender, countedUntil: counts?.counts.asOf, run, items };
}

async function expectUser(objects: Objects, run: string, user: string, items: AllItems) {
  const known = await findUser(objects, run, user, items);
  if (known !== undefined) return known;
  throw new ValidationError(
    `Run ${run} has met no user "${user}". Ids are compared to the letter, as they are in the uploaded log; somebody new can be given --history.`,
  );
}

function titlesOf({ itemIds, titles }: AllItems): (id: string) => TitledItem {
  const places = new Map(itemIds.map((id, place) => [id, place]));
  return (id) => ({ item_id: id, title: titles[places.get(id) ?? -1] ?? id });
}

const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString();
