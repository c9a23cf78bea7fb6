import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { rewardRange } from '#lib/environment/client.ts';
import { type ActionSettings, choosePositiveActions } from '#lib/environment/positive-actions.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import type { ItemTable } from '#lib/sequences/item-table.ts';
import type { Histogram } from './charts/histogram-chart.ts';

/** A transition with what the environment said about it, in words. */
export interface AugmentationExample {
  /** Titles of the last items before the action, oldest first. */
  readonly history: readonly string[];
  readonly logged: RewardedAction;
  /** The augmented positive action. */
  readonly augmented: RewardedAction;
}

export interface RewardedAction {
  readonly title: string;
  readonly reward: number;
  readonly spread: number;
}

/** What the environment added to the training data of a run, counted over the shards that were looked at. */
export interface AugmentationSummary {
  readonly shards: number;
  /** All shards of the run. */
  readonly totalShards: number;
  readonly transitions: number;
  readonly candidates: number;
  /** Transitions with an augmented positive action, before a model limits what share an item may have. */
  readonly augmentedActions: number;
  readonly rewards: {
    readonly logged: Histogram;
    readonly candidates: Histogram;
    readonly augmentedActions: Histogram;
  };
  readonly meanRewards: { readonly logged: number; readonly candidates: number };
  readonly examples: readonly AugmentationExample[];
}

/** How actions are chosen, as in `lea` of the models' configuration, and what is shown. */
export interface AugmentationOptions extends ActionSettings {
  /** How many examples to keep. */
  readonly examples?: number;
  /** All shards of the run, if only some are added. */
  readonly totalShards?: number;
}

const bins = 30;
const historyShown = 4;

/**
 * Gathers the summary shard by shard, so that only one is in memory. Examples are drawn by a hash of the transition:
 * the same ones whatever the order of shards, and no choice of the flattering ones.
 */
export class AugmentationCollector {
  readonly #itemTable: Pick<ItemTable, 'titles'>;
  readonly #options: AugmentationOptions;
  readonly #logged = new Float64Array(bins);
  readonly #candidates = new Float64Array(bins);
  readonly #augmented = new Float64Array(bins);
  readonly #sums = {
    shards: 0,
    transitions: 0,
    logged: 0,
    candidates: 0,
    candidateRewards: 0,
    augmented: 0,
  };
  #examples: { readonly order: number; readonly example: AugmentationExample }[] = [];

  constructor(itemTable: Pick<ItemTable, 'titles'>, options: AugmentationOptions) {
    this.#itemTable = itemTable;
    this.#options = options;
  }

  add(shard: AugmentedShard): void {
    const chosen = choosePositiveActions(shard, this.#options);
    const sums = this.#sums;
    sums.shards++;
    sums.transitions += shard.rewards.length;
    sums.candidates += shard.candidates.length;
    for (const reward of shard.rewards) {
      sums.logged += reward;
      this.#logged[binOf(reward)]! += 1;
    }
    for (const reward of shard.candidateRewards) {
      sums.candidateRewards += reward;
      this.#candidates[binOf(reward)]! += 1;
    }
    for (let row = 0; row + 1 < shard.offsets.length; row++) {
      const first = shard.transitionOffsets[row]!;
      for (let at = first; at < shard.transitionOffsets[row + 1]!; at++) {
        const action = chosen.actions[at]!;
        if (action === 0) continue;
        sums.augmented++;
        const candidate = shard.candidates
          .subarray(shard.candidateOffsets[at]!, shard.candidateOffsets[at + 1]!)
          .indexOf(action);
        const place = shard.candidateOffsets[at]! + candidate;
        this.#augmented[binOf(shard.candidateRewards[place]!)]! += 1;
        if (at > first) this.#consider(shard, row, at, place);
      }
    }
  }

  finish(): AugmentationSummary {
    const sums = this.#sums;
    const histogram = (counts: Float64Array): Histogram => ({
      low: rewardRange.minimum,
      high: rewardRange.maximum,
      counts: [...counts],
    });
    return {
      shards: sums.shards,
      totalShards: this.#options.totalShards ?? sums.shards,
      transitions: sums.transitions,
      candidates: sums.candidates,
      augmentedActions: sums.augmented,
      rewards: {
        logged: histogram(this.#logged),
        candidates: histogram(this.#candidates),
        augmentedActions: histogram(this.#augmented),
      },
      meanRewards: {
        logged: sums.logged / Math.max(1, sums.transitions),
        candidates: sums.candidateRewards / Math.max(1, sums.candidates),
      },
      examples: this.#examples.map(({ example }) => example),
    };
  }

  /** Keeps the transition as an example if its hash is among the smallest. */
  #consider(shard: AugmentedShard, row: number, transition: number, candidate: number): void {
    const position = transition - shard.transitionOffsets[row]!;
    const order = hash32(`${shard.users[row]} ${shard.starts[row]! + position}`, 1);
    const wanted = this.#options.examples ?? 8;
    const last = this.#examples.at(-1);
    if (this.#examples.length >= wanted && (last === undefined || order >= last.order)) return;
    const item = shard.offsets[row]! + position; // the state is the one after this item
    const title = (index: number) => this.#itemTable.titles[index - 1] ?? `item ${index}`;
    const example: AugmentationExample = {
      history: Array.from(
        shard.items.subarray(Math.max(shard.offsets[row]!, item + 1 - historyShown), item + 1),
        title,
      ),
      logged: {
        title: title(shard.items[item + 1]!),
        reward: shard.rewards[transition]!,
        spread: shard.rewardSpreads[transition]!,
      },
      augmented: {
        title: title(shard.candidates[candidate]!),
        reward: shard.candidateRewards[candidate]!,
        spread: shard.candidateRewardSpreads[candidate]!,
      },
    };
    this.#examples = [...this.#examples, { order, example }]
      .sort((a, b) => a.order - b.order)
      .slice(0, wanted);
  }
}

function binOf(reward: number): number {
  const { minimum, maximum } = rewardRange;
  const bin = Math.floor(((reward - minimum) / (maximum - minimum)) * bins);
  return Math.min(bins - 1, Math.max(0, bin));
}
