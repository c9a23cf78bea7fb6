import { type RandomStream, randomStream } from '#lib/recommender/random.ts';
import type { WorldSettings } from './config.ts';

/** The items, by number from 0. */
export interface World {
  readonly settings: WorldSettings;
  readonly seed: number;
  /** `[items]` */
  readonly topics: Int32Array;
  /** How much an item satisfies, -1 to 1, `[items]`. */
  readonly quality: Float64Array;
  /** How much it tempts everybody, `[items]`. */
  readonly appeal: Float64Array;
}

/** What is true of a user at a time, and no recommender knows. */
export interface UserState {
  /** -1 (disgust) to 1, `[topics]`. */
  readonly interests: Float64Array;
  /** 0 and up, `[topics]`. */
  readonly satiation: Float64Array;
  /** How often each item was taken. */
  readonly taken: Map<number, number>;
  patience: number;
}

/**
 * Items of a world: topics at random, quality around that of the topic (RecSim's interest evolution has topics of high
 * and of low quality), `appeal = N(0, appealSpread) - bait * quality`.
 */
export function makeWorld(settings: WorldSettings, seed: number): World {
  const random = randomStream(seed, 'world');
  const ofTopics = Float64Array.from(
    { length: settings.topics },
    () => 1.2 * random.uniform() - 0.6,
  );
  const topics = Int32Array.from({ length: settings.items }, () => random.integer(settings.topics));
  const quality = Float64Array.from(topics, (topic) =>
    clip(ofTopics[topic]! + 0.3 * random.normal()),
  );
  const appeal = quality.map(
    (own) => settings.appealSpread * random.normal() - settings.bait * own,
  );
  return { settings, seed, topics, quality, appeal };
}

/** Somebody who has taken nothing yet; interests are uniform, as in RecSim. */
export function makeUser({ settings }: World, random: RandomStream): UserState {
  return {
    interests: Float64Array.from({ length: settings.topics }, () => 2 * random.uniform() - 1),
    satiation: new Float64Array(settings.topics),
    taken: new Map(),
    patience: settings.patience,
  };
}

/** The same user, to go on from separately. */
export const copyUser = ({ interests, satiation, taken, patience }: UserState): UserState => ({
  interests: interests.slice(),
  satiation: satiation.slice(),
  taken: new Map(taken),
  patience,
});

/** Days later: patience is whole again and nothing is left of satiation; interests and what was taken stay. */
export function returnLater({ settings }: World, user: UserState): void {
  user.patience = settings.patience;
  user.satiation.fill(0);
}

export const clip = (value: number) => Math.min(1, Math.max(-1, value));
