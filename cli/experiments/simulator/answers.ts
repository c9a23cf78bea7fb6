import { type AugmentedShard, transitionOffsetsOf } from '#lib/environment/augmented-shard.ts';
import { float16Bits } from '#lib/recommender/data/float16.ts';
import { type RandomStream, randomStream } from '#lib/recommender/random.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { applyControl } from '../environment-study/controls.ts';
import type { EnvironmentSettings } from './config.ts';
import { satisfaction, takeChance, utility } from './dynamics.ts';
import { itemNumber, type SimulatedLogs, truthKey } from './logs.ts';
import type { UserState, World } from './world.ts';

/**
 * What an environment says that knows the truth as well as its accuracy `a` lets it: of everything it says
 * `a truth + sqrt(1 - a^2) noise`, both with deviation 1.
 *
 * - states: interests and satiation, `[2 topics]`;
 * - rewards: how much the user has of the item, satisfaction less satiation, in deviations over the catalogue at this state;
 * - candidates: those that it believes to tempt him most, among some drawn at random that are not in the history;
 * - chances: the true chance that such a candidate is taken when it is offered by itself, one number for all of them, since
 *   a fitted environment is calibrated; 0 where that is not 1.2 times that of the most popular item, as a night has it.
 */
export function simulatedAnswers(
  world: World,
  { truth }: SimulatedLogs,
  built: BuiltSequences,
  settings: EnvironmentSettings,
): AugmentedShard[] {
  const numbers = Int32Array.from(built.itemTable.itemIds, itemNumber);
  const random = randomStream(world.seed, 'environment', settings.accuracy);
  const answerer = new Answerer(world, numbers, settings, built.manifest.excludeHistory, random);
  const answers = built.shards.map((shard) => answerer.answer(shard, truth));
  const { candidateChance, popularChance } = answerer.chances();
  const chance = candidateChance >= 1.2 * popularChance ? candidateChance : 0;
  for (const { candidateChances } of answers) candidateChances.fill(chance);
  const data = { ...built.manifest, itemTable: built.itemTable, shards: built.shards };
  return settings.controls.reduce<AugmentedShard[]>(
    (all, control) => applyControl(control, all, data, world.seed),
    answers,
  );
}

class Answerer {
  readonly #world: World;
  /** World's item by place in the vocabulary. */
  readonly #numbers: Int32Array;
  readonly #settings: EnvironmentSettings;
  readonly #excludeHistory: boolean;
  readonly #random: RandomStream;
  #candidates = 0;
  #transitions = 0;
  #taken = 0;
  #popularTaken = 0;

  constructor(
    world: World,
    numbers: Int32Array,
    settings: EnvironmentSettings,
    excludeHistory: boolean,
    random: RandomStream,
  ) {
    this.#world = world;
    this.#numbers = numbers;
    this.#settings = settings;
    this.#excludeHistory = excludeHistory;
    this.#random = random;
  }

  answer(shard: SequenceShard, truth: SimulatedLogs['truth']): AugmentedShard {
    const { offsets, items, users, timestamps } = shard;
    const { topics } = this.#world.settings;
    const states = new Uint16Array(items.length * 2 * topics); // [values, 2 topics]
    const rewards: number[] = [];
    const candidates: number[] = [];
    const candidateRewards: number[] = [];
    const candidateOffsets = [0];
    for (let row = 0; row + 1 < offsets.length; row++) {
      const end = offsets[row + 1]!;
      for (let at = offsets[row]!; at < end; at++) {
        const user = truth.get(truthKey(users[row]!, timestamps[at]!))!;
        states.set(this.#state(user), at * 2 * topics);
        if (at + 1 === end) continue;
        const worth = this.#worth(user);
        const next = items[at + 1]!;
        rewards.push(this.#say(worth(this.#numbers[next - 1]!)));
        const taken = new Set(items.subarray(offsets[row]!, at + 1));
        for (const item of this.#likely(user, next, taken)) {
          candidates.push(item);
          candidateRewards.push(this.#say(worth(this.#numbers[item - 1]!)));
        }
        candidateOffsets.push(candidates.length);
      }
    }
    return {
      users,
      starts: shard.starts,
      offsets,
      items,
      stateDimension: 2 * topics,
      states,
      transitionOffsets: transitionOffsetsOf(offsets),
      rewards: Float32Array.from(rewards),
      rewardSpreads: new Float32Array(rewards.length),
      candidateOffsets: Int32Array.from(candidateOffsets),
      candidates: Int32Array.from(candidates),
      candidateRewards: Float32Array.from(candidateRewards),
      candidateRewardSpreads: new Float32Array(candidates.length),
      candidateChances: new Float32Array(candidates.length),
    };
  }

  /** Mean true chances of the candidates, and of the most popular open item at the same states. */
  chances() {
    return {
      candidateChance: this.#taken / Math.max(1, this.#candidates),
      popularChance: this.#popularTaken / Math.max(1, this.#transitions),
    };
  }

  /** @param truth of deviation 1, about */
  #say(truth: number): number {
    const { accuracy } = this.#settings;
    return accuracy * truth + Math.sqrt(1 - accuracy * accuracy) * this.#random.normal();
  }

  #state({ interests, satiation }: UserState): Uint16Array {
    // Interests are uniform on -1 to 1, with deviation 0.58.
    const spoken = [...[...interests].map((own) => own / 0.58), ...satiation].map((own) =>
      this.#say(own),
    );
    return Uint16Array.from(spoken, float16Bits);
  }

  /** What items are worth to him, in deviations over the catalogue. */
  #worth(user: UserState): (item: number) => number {
    const { settings, topics } = this.#world;
    const worth = (item: number) =>
      satisfaction(this.#world, user, item) -
      (settings.satiationWeight / Math.max(1, settings.interestWeight)) *
        user.satiation[topics[item]!]!;
    const all = Float64Array.from(this.#numbers, worth);
    const mean = all.reduce((sum, own) => sum + own, 0) / all.length;
    const deviation = Math.sqrt(all.reduce((sum, own) => sum + (own - mean) ** 2, 0) / all.length);
    return (item) => (worth(item) - mean) / (deviation || 1);
  }

  /** Places in the vocabulary, from 1, of what it believes to tempt him most. */
  #likely(user: UserState, next: number, taken: ReadonlySet<number>): number[] {
    const { candidates, pool } = this.#settings;
    const isOpen = (item: number) => item !== next && !(this.#excludeHistory && taken.has(item));
    const drawn = new Set<number>();
    for (let draw = 0; draw < pool; draw++) {
      const item = 1 + this.#random.integer(this.#numbers.length);
      if (isOpen(item)) drawn.add(item);
    }
    const tempting = (item: number) => utility(this.#world, user, this.#numbers[item - 1]!);
    const believed = [...drawn].map((item) => ({ item, truth: tempting(item) }));
    const mean = believed.reduce((sum, { truth }) => sum + truth, 0) / believed.length;
    const deviation = Math.sqrt(
      believed.reduce((sum, { truth }) => sum + (truth - mean) ** 2, 0) / believed.length,
    );
    const best = believed
      .map(({ item, truth }) => ({ item, said: this.#say((truth - mean) / (deviation || 1)) }))
      .sort((a, b) => b.said - a.said || a.item - b.item)
      .slice(0, candidates)
      .map(({ item }) => item);
    const chance = (item: number) => takeChance(this.#world, user, this.#numbers[item - 1]!);
    for (const item of best) this.#taken += chance(item);
    this.#candidates += best.length;
    let popular = 1; // the vocabulary begins with what is taken most
    while (!isOpen(popular) && popular < this.#numbers.length) popular++;
    this.#popularTaken += chance(popular);
    this.#transitions++;
    return best;
  }
}
