import type { AllItems, RecentHistories } from '#lib/sequences/everybody.ts';
import { type KnownUser, knownUser } from './known-user.ts';
import type { Recommendation } from './recommendation.ts';
import type { Recommender } from './recommender.ts';

/** Items of the lists that are made in one go: the more users, the more of them have histories of about one length. */
const itemsAtOnce = 20_000;
const fewestUsersAtOnce = 256;

/** What is recommended to somebody. */
export interface UserList extends Recommendation {
  readonly user_id: string;
}

export interface ListOptions {
  /** Items per user. */
  readonly count: number;
  /** As of when, Unix seconds; undefined for now. */
  readonly time: number | undefined;
}

/** Recommends to everybody in a file of histories, many at a time. */
export function* listsOf(
  recommender: Recommender,
  histories: RecentHistories,
  items: AllItems,
  { count, time }: ListOptions,
): Generator<UserList[]> {
  const { users } = histories;
  const usersAtOnce = Math.max(fewestUsersAtOnce, Math.floor(itemsAtOnce / count));
  for (let begin = 0; begin < users.length; begin += usersAtOnce) {
    const some = users.slice(begin, begin + usersAtOnce);
    const asked = some.map((_, row): KnownUser => knownUser(histories, begin + row, items));
    const lists = recommender.recommendAll(
      asked.map((one) => ({ ...one, time })),
      count,
    );
    yield some.map((user_id, row) => ({ user_id, ...lists[row]! }));
  }
}

/** A list as a line of JSON: `{user_id, items: [{item_id, score}], source}` */
export function listLine({ user_id, items, source }: UserList): string {
  const shown = items.map(({ item_id, score }) => ({ item_id, score }));
  return `${JSON.stringify({ user_id, items: shown, source })}\n`;
}

/** The header of `listRows`. */
export const listHeader = 'user_id,place,item_id,title,score,source\n';

/** A list as CSV (RFC 4180), a row for every place; no score where the list is popularity's. */
export function listRows({ user_id, items }: UserList, titleOf: (item: string) => string): string {
  const rows = items.map(({ item_id, score, source }, at) => {
    const texts = [user_id, at + 1, item_id, titleOf(item_id), score?.toFixed(4) ?? '', source];
    return `${texts.map((text) => csvField(String(text))).join(',')}\n`;
  });
  return rows.join('');
}

/** In quotes where it would be read otherwise. */
const csvField = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
