import { type RandomStream, randomStream } from '#lib/recommender/random.ts';
import { type BuiltSequences, buildSequences } from '#lib/sequences/build.ts';
import { InteractionLog } from '#lib/sequences/interaction-log.ts';
import type { LoggingSettings, SimulationPlan } from './config.ts';
import { eventRewards, respond, utility } from './dynamics.ts';
import { copyUser, makeUser, returnLater, type UserState, type World } from './world.ts';

/** A list that was shown while logs were written. */
export interface Impression {
  readonly user: string;
  /** Unix seconds. */
  readonly time: number;
  /** Items by number, in order. */
  readonly slate: Int32Array;
  /** Chance of the first place's item under the logging policy. */
  readonly propensity: number;
  readonly reward: number;
  /** Place that was taken, -1 for none. */
  readonly place: number;
}

/** An action as a team would upload it. */
interface LoggedAction {
  readonly user: string;
  readonly item: number;
  readonly time: number;
  readonly event: keyof typeof eventRewards;
}

/** What the logging policy left behind, and the truth beside it. */
export interface SimulatedLogs {
  readonly actions: readonly LoggedAction[];
  readonly impressions: readonly Impression[];
  /** The user right after the action at a time, by `user time`. */
  readonly truth: ReadonlyMap<string, UserState>;
}

const day = 86_400;
/** Seconds between two requests of a session. */
export const pace = 60;
/** The first sessions begin within so many days. */
const days = 28;

const itemId = (item: number) => `i${item}`;
export const itemNumber = (id: string) => Number(id.slice(1));
export const truthKey = (user: string, time: number) => `${user} ${time}`;

/** What the logging policy believes of a user: noise of his, one number a topic. */
export type Belief = Float64Array;

export const makeBelief = ({ settings }: World, random: RandomStream): Belief =>
  Float64Array.from({ length: settings.topics }, () => random.normal());

/**
 * The logging policy: `score(i) = knowledge v(i) + (1 - knowledge) interestWeight b[topic]`, `b` the user's noise. A list is
 * drawn without replacement (Plackett-Luce) from `softmax(score / temperature)`, by Gumbel noise.
 */
export function drawSlate(
  world: World,
  user: UserState,
  belief: Belief,
  { knowledge, temperature }: LoggingSettings,
  random: RandomStream,
): { readonly slate: Int32Array; readonly propensity: number } {
  const { items, slate: length, interestWeight } = world.settings;
  const scores = Float64Array.from({ length: items }, (_, item) => {
    const known = knowledge * utility(world, user, item);
    return (known + (1 - knowledge) * interestWeight * belief[world.topics[item]!]!) / temperature;
  });
  const noisy = scores.map((score) => score - Math.log(-Math.log(random.uniform() || 2 ** -33)));
  const slate = Int32Array.from(noisy.keys())
    .sort((a, b) => noisy[b]! - noisy[a]! || a - b)
    .slice(0, length);
  const highest = Math.max(...scores);
  const all = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
  return { slate, propensity: Math.exp(scores[slate[0]!]! - highest) / all };
}

/** Runs the logging policy on its users. */
export function writeLogs(world: World, logging: LoggingSettings): SimulatedLogs {
  const actions: LoggedAction[] = [];
  const impressions: Impression[] = [];
  const truth = new Map<string, UserState>();
  for (let number = 0; number < logging.users; number++) {
    const name = `u${number}`;
    const random = randomStream(world.seed, 'logged', name);
    const user = makeUser(world, random);
    const belief = makeBelief(world, random);
    let start = Math.floor(random.uniform() * days * day);
    for (let session = 0; session < logging.sessions; session++) {
      if (session > 0) returnLater(world, user);
      for (let step = 0; user.patience > 0 && step < world.settings.longestSession; step++) {
        const time = start + step * pace;
        const { slate, propensity } = drawSlate(world, user, belief, logging, random);
        const { place, event, reward } = respond(world, user, slate, random);
        impressions.push({ user: name, time, slate, propensity, reward, place });
        if (event === undefined) continue;
        actions.push({ user: name, item: slate[place]!, time, event });
        truth.set(truthKey(name, time), copyUser(user));
      }
      start += Math.floor((1 + 3 * random.uniform()) * day);
    }
  }
  return { actions, impressions, truth };
}

/** The logged actions as the product's sequences. */
export function sequencesOf(
  { actions }: SimulatedLogs,
  sequences: SimulationPlan['sequences'],
): BuiltSequences {
  const log = new InteractionLog({ eventRewards, defaultReward: 1 });
  const part = log.part('simulated');
  actions.forEach(({ user, item, time, event }, line) => {
    log.add(
      { user_id: user, item_id: itemId(item), timestamp: time, event_type: event, line },
      part,
    );
  });
  return buildSequences(log, sequences);
}
