import type { AllItems, RecentHistories } from '#lib/sequences/everybody.ts';
import { type KnownUser, knownUser } from './known-user.ts';
import type { Recommender } from './recommender.ts';

/** Items of the lists that are made in one go: the more users, the more of them have histories of about one length. */
const itemsAtOnce = 20_000;
const fewestUsersAtOnce = 256;

/**
 * Recommends to everybody in a file of histories, many at a time.
 *
 * @param options.count items per user
 * @param options.time as of when, Unix seconds; now, if nothing is said
 * @returns JSON lines, one for each user: `{user_id, items: [{item_id, score}], source}`
 */
export function* listLines(
  recommender: Recommender,
  histories: RecentHistories,
  items: AllItems,
  options: { readonly count: number; readonly time: number | undefined },
): Generator<string> {
  const { users } = histories;
  const { count, time } = options;
  const usersAtOnce = Math.max(fewestUsersAtOnce, Math.floor(itemsAtOnce / count));
  for (let begin = 0; begin < users.length; begin += usersAtOnce) {
    const some = users.slice(begin, begin + usersAtOnce);
    const asked = some.map((_, row): KnownUser => knownUser(histories, begin + row, items));
    const lists = recommender.recommendAll(
      asked.map((one) => ({ ...one, time })),
      count,
    );
    yield some
      .map((user, row) => {
        const { items: list, source } = lists[row]!;
        const shown = list.map(({ item_id, score }) => ({ item_id, score }));
        return `${JSON.stringify({ user_id: user, items: shown, source })}\n`;
      })
      .join('');
  }
}
