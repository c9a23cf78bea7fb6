import type { Champion } from '#lib/contracts/champion.ts';
import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import type { VariantName } from '#lib/contracts/impression.ts';
import type { Directory, Where } from './directory.ts';
import { askedOf } from './known-user.ts';
import type { Asked, Recommendation, Wanted } from './recommendation.ts';
import type { Recommender } from './recommender.ts';
import type { RecommendRequest, RerankRequest, SimilarRequest } from './request.ts';
import type { RecommendAnswer, RerankAnswer, SimilarAnswer } from './response.ts';

/** What answers are made with. */
export interface Serving {
  readonly champion: Pick<Champion, 'run' | 'name'>;
  readonly model: Recommender;
  /** Undefined while no run has written one: then nobody's history, no title and no field is known. */
  readonly directory: Directory | undefined;
  /** Which of two models that are compared this is. @default 'champion' */
  readonly variant?: VariantName;
}

/** Unknown items that an answer names; Lambda's answers have 6 MB at most. */
const unknownItemsShown = 100;

/**
 * Items for somebody, with titles.
 *
 * @param requestId names the answer
 * @throws ValidationError for a user whom the newest night has not met, and a field that the catalogue does not have
 * @throws MissingArtefactError where something is asked for that no night has written yet
 */
export async function answerRecommend(
  serving: Serving,
  request: RecommendRequest,
  requestId: string,
): Promise<RecommendAnswer> {
  const { model } = serving;
  const { count, exclude_seen: excludeSeen } = request;
  const asked = { ...(await whoAsks(serving, request)), ...(await wantedOf(serving, request)) };
  const made = model.recommend({ ...asked, excludeSeen }, count);
  // That a filter finds items which the model does not know is nobody's mistake.
  const named = new Set([...asked.history, ...(request.only ?? [])]);
  const unknownItems = made.unknownItems.filter((id) => named.has(id));
  return {
    ...whoAnswers(serving, requestId),
    items: made.items.map((item) => titled(serving, item)),
    ...madeOf({ ...made, unknownItems }),
  };
}

/**
 * Items that resemble one.
 *
 * @throws ValidationError for an item that the model has learned nothing of
 */
export async function answerSimilar(
  serving: Serving,
  request: SimilarRequest,
  requestId: string,
): Promise<SimilarAnswer> {
  const { item_id, count } = request;
  const wanted = await wantedOf(serving, request);
  const similar = serving.model.similar(item_id, count, wanted);
  if (similar === undefined) {
    const isListed = serving.directory?.items.itemIds.includes(item_id) === true;
    throw new ValidationError(
      isListed
        ? `The model in service has learned nothing of item "${item_id}": nobody has taken it, or too few. Ask for items that more people took.`
        : `There is no item "${item_id}". Ids are compared to the letter, as they are in the uploaded catalogue.`,
    );
  }
  return {
    ...whoAnswers(serving, requestId),
    item: titled(serving, { item_id }),
    items: similar.items.map((item) => titled(serving, item)),
    source: similar.source,
  };
}

/** The items of a request in the order in which somebody would like them, whatever was seen or has left the catalogue. */
export async function answerRerank(
  serving: Serving,
  request: RerankRequest,
  requestId: string,
): Promise<RerankAnswer> {
  const only = [...new Set(request.items)];
  const asked = await whoAsks(serving, request);
  const options = { only, excludeSeen: false, showLeft: true };
  const made = serving.model.recommend({ ...asked, ...options }, only.length);
  const ranked = new Set(made.items.map(({ item_id }) => item_id));
  const rest = only
    .filter((id) => !ranked.has(id))
    .map((item_id) => ({ item_id, source: 'unknown' as const }));
  return {
    ...whoAnswers(serving, requestId),
    items: [...made.items, ...rest].map((item) => titled(serving, item)),
    ...madeOf(made),
  };
}

const whoAnswers = (
  { champion: { run, name }, variant = 'champion' }: Serving,
  requestId: string,
) => ({ requestId, champion: { run, name }, variant });

function titled<Item extends { readonly item_id: string }>({ directory }: Serving, item: Item) {
  return { ...item, title: directory?.titleOf(item.item_id) ?? item.item_id };
}

const madeOf = ({ source, unknownItems }: Recommendation) => ({
  source,
  unknownItems: unknownItems.slice(0, unknownItemsShown),
  unknownItemCount: unknownItems.length,
});

async function whoAsks(
  serving: Serving,
  { user_id, history = [], context }: Pick<RecommendRequest, 'user_id' | 'history' | 'context'>,
): Promise<Asked> {
  if (user_id === undefined) return { history, ...context };
  const { run, findUser } = expectDirectory(serving, 'user_id');
  const found = await findUser(user_id);
  if (found !== undefined) return { ...askedOf(found), ...context };
  throw new ValidationError(
    `Run ${run} has met no user "${user_id}". Ids are compared to the letter, as they are in the uploaded log; for somebody new give \`history\`, which may be empty.`,
  );
}

/** @returns ids that may be in the list, those of `where` and of `only` */
async function wantedOf(
  serving: Serving,
  {
    exclude,
    only,
    where,
  }: {
    readonly exclude?: readonly string[] | undefined;
    readonly only?: readonly string[] | undefined;
    readonly where?: Where | undefined;
  },
): Promise<Wanted> {
  if (where === undefined || Object.keys(where).length === 0) return { exclude, only };
  const matching = await expectDirectory(serving, 'where').matching(where);
  if (only === undefined) return { exclude, only: matching };
  const allowed = new Set(matching);
  return { exclude, only: only.filter((id) => allowed.has(id)) };
}

function expectDirectory({ directory }: Serving, key: string): Directory {
  if (directory !== undefined) return directory;
  throw new MissingArtefactError(
    `\`${key}\` needs what a night writes of users and items, and none has written it yet: the next one does.`,
  );
}
