import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { Component } from '../blend.ts';
import type { HistoryScorer, HistoryView } from './history-scorer.ts';
import { ItemScores } from './item-scores.ts';

/**
 * How scores of a history become numbers that a blend adds up, `p_i` an item's share of all scores, `q_i` its share of
 * all training actions and `f` a floor.
 *
 * `evidence`: `log(p_i + f)`, the order of the scores themselves.
 *
 * `lift`: `log((p_i + f) / (q_i + f))`, how much more the history speaks for an item than everybody's actions do. Added
 * to popularity at the time of the request it is what recent popularity becomes for this history; popularity is not in it
 * twice, and an item that training never saw is not put last for that: nothing is known of it, so its lift is 0.
 */
export type Scale = 'evidence' | 'lift';

/** The floor is that of this many items' average share. */
const floorItems = 5;

/** Turns histories into rows of numbers by item. */
export class EvidenceWriter {
  readonly #scores: ItemScores;
  readonly #floor: number;
  /** `log(q_i + f)`, `[items + 1]` */
  readonly #expected: Float64Array;
  /** Lift of what a history does not speak for, `log(f) - log(q_i + f)`, `[items + 1]` */
  readonly #unsaid: Float64Array;
  #floors: Float64Array | undefined;

  /** @param counts how often each item was taken in training, item `i` at place `i - 1` */
  constructor(counts: ArrayLike<number>) {
    const items = counts.length;
    let total = 0;
    let trained = 0;
    for (let row = 0; row < items; row++) {
      total += counts[row]!;
      if (counts[row]! > 0) trained++;
    }
    this.#scores = new ItemScores(items);
    this.#floor = floorItems / Math.max(1, trained);
    this.#expected = new Float64Array(items + 1);
    for (let item = 1; item <= items; item++) {
      this.#expected[item] = Math.log(counts[item - 1]! / Math.max(1, total) + this.#floor);
    }
    const none = Math.log(this.#floor);
    this.#unsaid = this.#expected.map((expected) => none - expected);
  }

  /** @param rows for each scale that is asked for, `[items + 1]`, written whole; place 0 means nothing */
  write(
    scorer: HistoryScorer,
    history: HistoryView,
    rows: Readonly<Partial<Record<Scale, Float64Array>>>,
  ): void {
    rows.evidence?.set(this.unsaid('evidence'));
    rows.lift?.set(this.unsaid('lift'));
    const said = this.writeSaid(scorer, history, rows);
    // A history that says nothing of any item says nothing against one either.
    if (said.length === 0) rows.lift?.fill(0);
  }

  /** What is written for an item of which a history does not speak while it speaks of others, `[items + 1]`; only for reading. */
  unsaid(scale: Scale): Float64Array {
    if (scale === 'lift') return this.#unsaid;
    this.#floors ??= new Float64Array(this.#expected.length).fill(Math.log(this.#floor));
    return this.#floors;
  }

  /**
   * Writes the items of which a history speaks, and no others.
   *
   * @param rows as of `write`
   * @returns the items, each once; valid until the next call
   */
  writeSaid(
    scorer: HistoryScorer,
    history: HistoryView,
    rows: Readonly<Partial<Record<Scale, Float64Array>>>,
  ): readonly number[] {
    const scores = this.#scores;
    scores.clear();
    scorer.score(history, scores);
    let total = 0;
    for (const item of scores.touched) total += scores.values[item]!;
    for (const item of scores.touched) {
      const own = Math.log(scores.values[item]! / total + this.#floor);
      if (rows.evidence !== undefined) rows.evidence[item] = own;
      if (rows.lift !== undefined) rows.lift[item] = own - this.#expected[item]!;
    }
    return scores.touched;
  }
}

/** What histories say on one scale, as a component of a blend. */
export function historyComponent(
  scorer: HistoryScorer,
  scale: Scale,
  trainingCounts: ArrayLike<number>,
  cases: EvaluationCases,
  window: number = Number.POSITIVE_INFINITY,
): Component {
  const writer = new EvidenceWriter(trainingCounts);
  return {
    name: scorer.kind,
    write: (index, scores) =>
      writer.write(scorer, historyAt(cases, index, window), { [scale]: scores }),
  };
}

/** A case's last `window` items. */
export function historyAt(
  { offsets, items, historyTimes }: EvaluationCases,
  index: number,
  window: number = Number.POSITIVE_INFINITY,
): HistoryView {
  const end = offsets[index + 1]!;
  const begin = Math.max(offsets[index]!, end - window);
  return { items: items.subarray(begin, end), times: historyTimes.subarray(begin, end) };
}

/**
 * 1 for items without a training action, of which a network's score says nothing: their weight makes up for it, so that
 * recent counts alone decide how they stand among the others.
 */
export function unseenComponent(trainingCounts: ArrayLike<number>): Component {
  return {
    name: 'unseen',
    ofOthers: 1,
    write: (_index, scores) => {
      for (let item = 1; item < scores.length; item++) {
        scores[item] = trainingCounts[item - 1]! > 0 ? 0 : 1;
      }
    },
  };
}
