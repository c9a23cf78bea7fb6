import { ContractError } from '#lib/contracts/errors.ts';
import type { Fitting, RowsShape } from '#lib/sequences/passes.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { type HistoryScorer, stepsBack } from './history-scorer.ts';
import { nthLargest } from './nth-largest.ts';

/** Settings of the nearest sessions. */
export interface SessionSettings {
  /** Sessions that are asked, at most. */
  readonly neighbours: number;
  /** Each step back in the history counts this much less. */
  readonly decay: number;
}

/** The newest sessions are kept, each up to the window of the training rows. */
const maximumSessions = 20_000;
/** Of each item, the newest sessions with it are looked at. */
const maximumOfItem = 200;
/** Actions that weigh less say nothing. */
const minimumWeight = 0.01;

/** Its name among the rivals and in files. */
export const sessionKind = 'session-knn';

/**
 * Training rows that share items with the history, as neighbours (V-SKNN; Ludewig and Jannach 2018,
 * https://arxiv.org/abs/1803.09587, section 3.2): `sim(s) = sum over shared items h_k of decay^k / sqrt(|s|)`, `h_0` the
 * last basket; the nearest sessions, the newer one of two alike, say `score(j) = sum over sessions with j of sim(s) / (1 + k_s)`,
 * `k_s` the steps back to the last item that they share. The newest sessions alone are looked at.
 */
export function* fitSessions(
  { items, baskets }: RowsShape,
  settings: readonly SessionSettings[],
): Fitting<HistoryScorer[]> {
  const newest = new NewestSessions();
  yield (shard) => newest.read(shard);
  const sessions = newest.sessions();
  return settings.map(({ neighbours, decay }) =>
    sessionScorer(sessions, { neighbours, decay, baskets: baskets ? 1 : 0 }, items),
  );
}

/** A row, and when it ends, Unix seconds. */
interface Session {
  readonly end: number;
  readonly items: Int32Array;
}

/** The newest rows; of those that end at the same time, the last ones. */
class NewestSessions {
  #kept: Session[] = [];
  /** What ends before it is not among the newest. */
  #least = Number.NEGATIVE_INFINITY;

  read({ offsets, items, timestamps }: SequenceShard): void {
    for (let row = 0; row + 1 < offsets.length; row++) {
      const end = timestamps[offsets[row + 1]! - 1]!;
      if (end < this.#least) continue;
      this.#kept.push({ end, items: items.slice(offsets[row]!, offsets[row + 1]!) });
      if (this.#kept.length < 2 * maximumSessions) continue;
      this.#forget();
      this.#least = this.#kept[0]!.end;
    }
  }

  #forget(): void {
    // The sort is stable, and rows came in their order.
    this.#kept = this.#kept.sort((a, b) => a.end - b.end).slice(-maximumSessions);
  }

  /** The items of each, each once, the oldest session first. */
  sessions(): { readonly offsets: Int32Array; readonly items: Int32Array } {
    this.#forget();
    const kept = this.#kept.map((session) => [...new Set(session.items)]);
    const offsets = new Int32Array(kept.length + 1);
    kept.forEach((own, session) => {
      offsets[session + 1] = offsets[session]! + own.length;
    });
    return { offsets, items: Int32Array.from(kept.flat()) };
  }
}

/**
 * Sessions as they were before they were written to a file.
 *
 * @throws ContractError if the numbers do not fit a vocabulary of `items`
 */
export function restoreSessions(
  parameters: Readonly<Record<string, number>>,
  { offsets, items: taken }: HistoryScorer['arrays'],
  items: number,
): HistoryScorer {
  const { neighbours, decay, baskets } = parameters;
  const fits =
    offsets instanceof Int32Array &&
    taken instanceof Int32Array &&
    offsets[0] === 0 &&
    offsets.at(-1) === taken.length &&
    offsets.every((offset, at) => at === 0 || offset >= offsets[at - 1]!) &&
    taken.every((item) => item >= 1 && item <= items) &&
    [neighbours, decay, baskets].every(Number.isFinite);
  if (!fits) throw new ContractError(`The sessions of "${sessionKind}" do not fit ${items} items.`);
  return sessionScorer({ offsets, items: taken }, parameters, items);
}

/** @param sessions the items of each, each once, the oldest session first */
function sessionScorer(
  { offsets, items }: { readonly offsets: Int32Array; readonly items: Int32Array },
  parameters: Readonly<Record<string, number>>,
  vocabulary: number,
): HistoryScorer {
  const { neighbours, decay, baskets } = parameters as {
    neighbours: number;
    decay: number;
    baskets: number;
  };
  const sessions = offsets.length - 1;
  const withItem = sessionsByItem(offsets, items, vocabulary);
  const similarity = new Float64Array(sessions);
  const nearestStep = new Int32Array(sessions);
  const scratch = new Float64Array(sessions);
  const roots = new Float64Array(sessions);
  for (let session = 0; session < sessions; session++) {
    roots[session] = Math.sqrt(offsets[session + 1]! - offsets[session]!);
  }
  return {
    kind: sessionKind,
    parameters,
    arrays: { offsets, items },
    score(history, scores) {
      const steps = stepsBack(history.times, baskets === 1);
      const seen = new Set<number>();
      const found: number[] = [];
      for (let at = history.items.length - 1; at >= 0; at--) {
        const weight = decay ** steps[at]!;
        if (weight < minimumWeight) break;
        const item = history.items[at]!;
        if (seen.has(item)) continue;
        seen.add(item);
        for (const session of withItem[item]!) {
          if (similarity[session] === 0) {
            found.push(session);
            nearestStep[session] = steps[at]!;
          }
          similarity[session]! += weight / roots[session]!;
        }
      }
      const asked = nearest(found, similarity, neighbours, scratch);
      for (const session of asked) {
        const weight = similarity[session]! / (1 + nearestStep[session]!);
        for (let at = offsets[session]!; at < offsets[session + 1]!; at++) {
          scores.add(items[at]!, weight);
        }
      }
      for (const session of found) similarity[session] = 0;
    },
  };
}

/**
 * The most similar sessions, of two alike the newer one; in ascending order, so that sums are always the same.
 *
 * @param scratch room for as many numbers as there are sessions
 */
function nearest(
  found: number[],
  similarity: Float64Array,
  most: number,
  scratch: Float64Array,
): number[] {
  if (found.length > most) {
    for (let at = 0; at < found.length; at++) scratch[at] = similarity[found[at]!]!;
    const least = nthLargest(scratch, found.length, most);
    const above = found.filter((session) => similarity[session]! > least);
    const tied = found.filter((session) => similarity[session] === least).sort((a, b) => b - a);
    return [...above, ...tied.slice(0, most - above.length)].sort((a, b) => a - b);
  }
  return found.sort((a, b) => a - b);
}

/** For each item, the newest sessions with it. */
function sessionsByItem(offsets: Int32Array, items: Int32Array, vocabulary: number): number[][] {
  const found = Array.from({ length: vocabulary + 1 }, (): number[] => []);
  for (let session = offsets.length - 2; session >= 0; session--) {
    for (let at = offsets[session]!; at < offsets[session + 1]!; at++) {
      const own = found[items[at]!]!;
      if (own.length < maximumOfItem) own.push(session);
    }
  }
  return found;
}
