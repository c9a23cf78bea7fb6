import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { halfLives as freshHalfLives } from '#lib/contracts/half-lives.ts';
import type { InteractionEvents } from '#lib/sequences/interaction-events.ts';
import { type AsOf, type CountedEvents, midnightBefore } from './as-of.ts';
import { DecayedCounts } from './decayed-counts.ts';

/** For which requests actions are counted. */
export interface CountedFor {
  /** When the first of them is made, Unix seconds. */
  readonly first: number;
  readonly asOf: AsOf;
  readonly split: SequencesConfig['split'];
  /** Seconds. @default - all that are kept fresh */
  readonly halfLives?: readonly number[];
}

/**
 * Takes everybody's actions in order of time and counts what lies before all requests at once: kept one by one are only
 * those that tell requests apart. So it takes the memory of the items and of the held-out part, however long the log is,
 * and counting goes on to the same numbers.
 */
export class EventsFrom {
  readonly #before: DecayedCounts;
  readonly #kept: InteractionEvents[] = [];
  readonly #first: number;
  readonly #countsHeldOut: boolean;

  /** @param items size of the vocabulary */
  constructor(items: number, { first, asOf, split, halfLives = freshHalfLives }: CountedFor) {
    this.#before = new DecayedCounts(items, halfLives);
    // Frozen counts are those of all training actions, for every request.
    if (asOf === 'frozen') this.#first = Number.POSITIVE_INFINITY;
    else this.#first = asOf === 'night' ? midnightBefore(first) : first;
    this.#countsHeldOut = asOf !== 'frozen' && split === 'global-time';
  }

  /** @param batch later than all before it, in the order of `InteractionEvents` */
  add({ items, times, isHeldOut }: InteractionEvents): void {
    let at = 0;
    for (; at < times.length && times[at]! < this.#first; at++) {
      if (isHeldOut[at] === 0 || this.#countsHeldOut) this.#before.add(items[at]!, times[at]!);
    }
    if (at === times.length) return;
    this.#kept.push({
      items: items.slice(at),
      times: times.slice(at),
      isHeldOut: isHeldOut.slice(at),
    });
  }

  end(): CountedEvents {
    const length = this.#kept.reduce((sum, { items }) => sum + items.length, 0);
    const all = {
      items: new Int32Array(length),
      times: new Float64Array(length),
      isHeldOut: new Uint8Array(length),
    };
    let at = 0;
    for (const { items, times, isHeldOut } of this.#kept) {
      all.items.set(items, at);
      all.times.set(times, at);
      all.isHeldOut.set(isHeldOut, at);
      at += items.length;
    }
    return { ...all, before: this.#before };
  }
}
