import { randomStream } from '#lib/recommender/random.ts';

/** How much is generated; the same numbers give the same rows. */
export interface GeneratedData {
  readonly interactions: number;
  readonly items: number;
  readonly seed: number;
  /** With an event type and a value, as far as a row has them. @default false */
  readonly isFull?: boolean;
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
export function* generateInteractions({
  interactions,
  items,
  seed,
  isFull = false,
}: GeneratedData) {
  const { uniform: random } = randomStream(seed, 'scale');
  const users = Math.max(1, Math.round(interactions / meanActions));
  yield `user_id,item_id,timestamp${isFull ? ',event_type,value' : ''}\n`;
  let chunk = '';
  for (let row = 1; row <= interactions; row++) {
    // A user's weight falls off exponentially with the number, so that activity is about geometric.
    const user = Math.floor(-Math.log(1 - random() * (1 - Math.exp(-4))) * (users / 4));
    // Inverse of the continuous Zipf distribution function.
    const item = Math.floor((1 + random() * (items ** (1 - skew) - 1)) ** (1 / (1 - skew)));
    const time = firstTime + Math.floor((row / interactions) * seconds);
    const more = !isFull ? '' : row % 4 === 0 ? `,purchase,${(row % 9973) / 100}` : ',view,';
    chunk += `user-${user},item-${item},${time}${more}\n`;
    if (row % rowsAtOnce > 0 && row < interactions) continue;
    yield chunk;
    chunk = '';
  }
}

/** The same as JSON lines; what has no value has no such field. */
export function* asJsonLines(chunks: Iterable<string>) {
  let names: string[] | undefined;
  for (const chunk of chunks) {
    if (names === undefined) {
      names = chunk.trimEnd().split(',');
      continue;
    }
    let lines = '';
    for (const line of chunk.trimEnd().split('\n')) {
      const row: Record<string, string | number> = {};
      for (const [at, text] of line.split(',').entries()) {
        const name = names[at]!;
        if (text !== '') row[name] = name === 'timestamp' || name === 'value' ? Number(text) : text;
      }
      lines += `${JSON.stringify(row)}\n`;
    }
    yield lines;
  }
}
