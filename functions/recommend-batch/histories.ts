import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

/**
 * Each user's newest actions, put together from a run's training rows and held-out cases: the parts of a split follow
 * each other in time, so the last row of the latest part that has the user says it all.
 */
export class Histories {
  readonly #window: number;
  readonly #wanted: (user: string) => boolean;
  readonly #histories = new Map<string, { items: Int32Array; part: number; start: number }>();

  /**
   * @param window longest history kept, in items
   * @param wanted users that are of interest
   */
  constructor(window: number, wanted: (user: string) => boolean) {
    this.#window = window;
    this.#wanted = wanted;
  }

  /** Takes in a training shard; the order of the shards does not matter. */
  addShard({ users, starts, offsets, items }: SequenceShard): void {
    users.forEach((user, row) => {
      this.#offer(user, 0, starts[row]!, items.subarray(offsets[row], offsets[row + 1]));
    });
  }

  /** Takes in held-out cases, whose targets have happened as well. */
  addCases(part: 'validation' | 'test', { users, offsets, items, targets }: EvaluationCases): void {
    const order = part === 'validation' ? 1 : 2;
    users.forEach((user, index) => {
      const history = items.subarray(offsets[index], offsets[index + 1]);
      const whole = Int32Array.of(...history, targets[index]!); // [history + 1]
      // A user's cases are in time order.
      this.#offer(user, order, index, whole);
    });
  }

  /** @returns user ids, and item indices in time order */
  *entries(): Generator<[user: string, items: Int32Array]> {
    for (const [user, { items }] of this.#histories) yield [user, items];
  }

  #offer(user: string, part: number, start: number, items: Int32Array): void {
    if (!this.#wanted(user)) return;
    const known = this.#histories.get(user);
    if (
      known !== undefined &&
      (known.part > part || (known.part === part && known.start > start))
    ) {
      return;
    }
    // A copy: the row is a view of a whole shard.
    this.#histories.set(user, { items: items.slice(-this.#window), part, start });
  }
}
