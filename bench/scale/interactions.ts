import { randomStream } from '#lib/recommender/random.ts';

/** How much is generated; the same numbers give the same rows. */
export interface GeneratedData {
  readonly interactions: number;
  readonly items: number;
  readonly seed: number;
}

/** Mean actions of a user; numbers of actions are geometric. */
const meanActions = 20;
/** Exponent of the items' popularity (Zipf). */
const skew = 0.9;
const firstTime = 1_700_000_000;
/** Ninety days. */
const seconds = 7_776_000;
const rowsAtOnce = 10_000;

/** A log as CSV, in order of time, with item popularity and activity as skewed as in real logs. */
export function* generateInteractions({ interactions, items, seed }: GeneratedData) {
  const { uniform: random } = randomStream(seed, 'scale');
  const users = Math.max(1, Math.round(interactions / meanActions));
  yield 'user_id,item_id,timestamp\n';
  let chunk = '';
  for (let row = 1; row <= interactions; row++) {
    // A user's weight falls off exponentially with the number, so that activity is about geometric.
    const user = Math.floor(-Math.log(1 - random() * (1 - Math.exp(-4))) * (users / 4));
    // Inverse of the continuous Zipf distribution function.
    const item = Math.floor((1 + random() * (items ** (1 - skew) - 1)) ** (1 / (1 - skew)));
    const time = firstTime + Math.floor((row / interactions) * seconds);
    chunk += `user-${user},item-${item},${time}\n`;
    if (row % rowsAtOnce > 0 && row < interactions) continue;
    yield chunk;
    chunk = '';
  }
}
