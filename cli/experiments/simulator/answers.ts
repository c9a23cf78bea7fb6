import { type AugmentedShard, transitionOffsetsOf } from '#lib/environment/augmented-shard.ts';
import { float16Bits } from '#lib/recommender/data/float16.ts';
import { type RandomStream, randomStream } from '#lib/recommender/random.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { applyControl } from '../environment-study/controls.ts';
import { type BelievedItem, fitBelievedChance } from './believed-chance.ts';
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
 * - chances: of each candidate, that it is taken when it is offered by itself, as far as what the environment believes tells
 *   that, calibrated over all of them; 0 where it is not 1.2 times that of the most popular item, as a night has it.
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
  answerer.fillChances(answers);
  const data = { ...built.manifest, itemTable: built.itemTable, shards: built.shards };
  return settings.controls.reduce<AugmentedShard[]>(
    (all, control) => applyControl(control, all, data, world.seed),
    answers,
  );
}

/** As `AHEAD` of the environment's container. */
const worthCopying = 1.2;

class Answerer {
  readonly #world: World;
  /** World's item by place in the vocabulary. */
  readonly #numbers: Int32Array;
  readonly #settings: EnvironmentSettings;
  readonly #excludeHistory: boolean;
  readonly #random: RandomStream;
  readonly #popularRandom: RandomStream;
  /** What it believes of the candidates, in the order of the answers, and their true chances. */
  readonly #believed: BelievedItem[] = [];
  /** What it believes of the most popular open item, for each transition. */
  readonly #popular: number[] = [];

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
    this.#popularRandom = randomStream(world.seed, 'popular', settings.accuracy);
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

  /** Writes the candidates' chances, once all shards are answered: a fitted environment is calibrated on all of them. */
  fillChances(answers: readonly AugmentedShard[]): void {
    const chance = fitBelievedChance(this.#believed);
    let transition = 0;
    let candidate = 0;
    for (const { candidateOffsets, candidateChances } of answers) {
      for (let at = 0; at + 1 < candidateOffsets.length; at++) {
        const bar = worthCopying * chance(this.#popular[transition++]!);
        for (let index = candidateOffsets[at]!; index < candidateOffsets[at + 1]!; index++) {
          const own = chance(this.#believed[candidate++]!.utility);
          candidateChances[index] = own > bar ? own : 0;
        }
      }
    }
  }

  /** @param truth of deviation 1, about */
  #say(truth: number, random = this.#random): number {
    const { accuracy } = this.#settings;
    return accuracy * truth + Math.sqrt(1 - accuracy * accuracy) * random.normal();
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
    const { accuracy, candidates, pool } = this.#settings;
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
    // The mean of the truth given what is said, as far as both are normal.
    const say = (truth: number, random = this.#random) =>
      mean + deviation * accuracy * this.#say((truth - mean) / (deviation || 1), random);
    const best = believed
      .map(({ item, truth }) => ({ item, said: say(truth) }))
      .sort((a, b) => b.said - a.said || a.item - b.item)
      .slice(0, candidates);
    for (const { item, said } of best) {
      const chance = takeChance(this.#world, user, this.#numbers[item - 1]!);
      this.#believed.push({ utility: said, chance });
    }
    let popular = 1; // the vocabulary begins with what is taken most
    while (!isOpen(popular) && popular < this.#numbers.length) popular++;
    this.#popular.push(say(tempting(popular), this.#popularRandom));
    return best.map(({ item }) => item);
  }
}
