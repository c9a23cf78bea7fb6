import { randomUUID } from 'node:crypto';
import { championPointer } from '#lib/contracts/champion.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import { everybodyLatest } from '#lib/sequences/everybody-files.ts';
import { answerRecommend, answerRerank, answerSimilar, type Serving } from '#lib/serving/answer.ts';
import { activateTensorflow, loadCounts, loadRecommender } from '#lib/serving/champion-model.ts';
import { type Directory, openDirectory } from '#lib/serving/directory.ts';
import type { RecommendRequest, RerankRequest, SimilarRequest } from '#lib/serving/request.ts';
import type { RecommendAnswer, RerankAnswer, SimilarAnswer } from '#lib/serving/response.ts';
import type { Objects } from '#platform/objects.ts';
import { newestHistories } from './nights.ts';

export interface TitledItem {
  readonly item_id: string;
  /** The item's id where no catalogue says more. */
  readonly title: string;
}

/** A list, with all that it was made of, in words. */
export interface TitledRecommendation extends RecommendAnswer {
  readonly user_id: string | null;
  /** Whose histories and titles were read. */
  readonly historiesOfRun: string;
  /** As of when the list is made, ISO 8601. */
  readonly time: string;
  /** Oldest first; `time` where it is known. */
  readonly history: readonly (TitledItem & { readonly time?: string })[];
}

/**
 * Asks the model in service, as the deployed function does, and adds the history. Without a time, the list is as of the newest
 * action that was counted: so a log that has ended shows what it would have shown then.
 *
 * @throws MissingArtefactError when nothing is in service
 * @throws ValidationError for a user whom no night has met, and for a field that the catalogue does not have
 */
export async function recommendTo(
  objects: Objects,
  request: RecommendRequest,
): Promise<TitledRecommendation> {
  const opened = await openInService(objects);
  try {
    return await recommendWith(opened, request);
  } finally {
    opened.model.dispose();
  }
}

/** The same with what is open already. */
export async function recommendWith(
  opened: InService,
  request: RecommendRequest,
): Promise<TitledRecommendation> {
  const { directory, countedUntil } = opened;
  const time = request.context?.time ?? countedUntil ?? Date.now() / 1000;
  const asked = { ...request, context: { ...request.context, time } };
  const made = await answerRecommend(opened, asked, randomUUID());
  const { user_id } = request;
  const known = user_id === undefined ? undefined : await directory.findUser(user_id);
  const history = known?.items ?? request.history ?? [];
  return {
    user_id: user_id ?? null,
    historiesOfRun: directory.run,
    time: isoOf(time),
    history: history.map((item_id, place) => ({
      item_id,
      title: directory.titleOf(item_id),
      ...(known && { time: isoOf(known.timestamps[place]!) }),
    })),
    ...made,
  };
}

/** Items that resemble one. @throws as `recommendTo` */
export async function similarTo(objects: Objects, request: SimilarRequest): Promise<SimilarAnswer> {
  const opened = await openInService(objects);
  try {
    return await answerSimilar(opened, request, randomUUID());
  } finally {
    opened.model.dispose();
  }
}

/** Given items in the order in which somebody would like them. @throws as `recommendTo` */
export async function rerankFor(objects: Objects, request: RerankRequest): Promise<RerankAnswer> {
  const opened = await openInService(objects);
  try {
    const time = request.context?.time ?? opened.countedUntil ?? Date.now() / 1000;
    const asked = { ...request, context: { ...request.context, time } };
    return await answerRerank(opened, asked, randomUUID());
  } finally {
    opened.model.dispose();
  }
}

/** What recommendations are made with; whoever opens it disposes of the model. */
export interface InService extends Serving {
  readonly directory: Directory;
  /** Time of the newest action that was counted, Unix seconds. */
  readonly countedUntil: number | undefined;
}

/**
 * @param options.batch histories that are scored at once
 * @param options.wasmFolder where TensorFlow.js finds its WebAssembly kernels; without, it works in plain JavaScript
 */
export async function openInService(
  objects: Objects,
  {
    batch = 1,
    wasmFolder,
  }: { readonly batch?: number; readonly wasmFolder?: string | undefined } = {},
): Promise<InService> {
  const found = await findInService(objects);
  if (found === undefined) {
    throw new MissingArtefactError(
      'Nothing is in service yet: the first night that ends well puts something there. `npx lea status` tells how nights ended.',
    );
  }
  const { champion, run } = found;
  const directory = await openDirectory(objects, run);
  await activateTensorflow(wasmFolder);
  const counts = await loadCounts(objects);
  const model = await loadRecommender(objects, champion, { batch, counts });
  return { champion, model, countedUntil: counts?.counts.asOf, directory };
}

/** Who is in service, and the run that knows users and items best; undefined before there are both. */
export async function findInService(objects: Objects) {
  const champion = (await objects.getVersion(serving.champion, championPointer))?.value;
  const latest = await objects.getVersion(serving.everybody, everybodyLatest);
  const run = latest?.value.run ?? (await newestHistories(objects));
  return champion && run !== undefined ? { champion, run } : undefined;
}

const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString();
