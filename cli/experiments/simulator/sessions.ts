import { randomStream } from '#lib/recommender/random.ts';
import type { SimulationPlan } from './config.ts';
import { respond } from './dynamics.ts';
import { drawSlate, makeBelief, pace } from './logs.ts';
import type { Policy } from './policies.ts';
import { copyUser, makeUser, returnLater, type UserState, type World } from './world.ts';

/** Somebody whom a policy goes on with after the logs have ended. */
export interface Newcomer {
  readonly name: string;
  readonly state: UserState;
  readonly items: readonly number[];
  readonly times: readonly number[];
}

/** A session, summed up. */
export interface SessionResult {
  readonly reward: number;
  readonly requests: number;
  readonly actions: number;
  readonly purchases: number;
}

/** Unix seconds at which sessions begin: after all logs. */
const afterwards = 60 * 86_400;

/**
 * Users who are in no logs: each has had the earlier sessions of a logged user, and the opening of one more.
 *
 * @param kind begins their names, which decide who they are
 */
export function makeNewcomers(
  world: World,
  { logging, opening, visitors }: Pick<SimulationPlan, 'logging' | 'opening' | 'visitors'>,
  kind = 'visitor',
): Newcomer[] {
  return Array.from({ length: visitors }, (_, number) => {
    const name = `${kind}${number}`;
    const random = randomStream(world.seed, 'newcomer', name);
    const state = makeUser(world, random);
    const belief = makeBelief(world, random);
    const items: number[] = [];
    const times: number[] = [];
    for (let session = 0; session < logging.sessions; session++) {
      if (session > 0) returnLater(world, state);
      const isLast = session === logging.sessions - 1;
      const requests = isLast ? opening : world.settings.longestSession;
      for (let step = 0; state.patience > 0 && step < requests; step++) {
        const { slate } = drawSlate(world, state, belief, logging, random);
        const { place } = respond(world, state, slate, random);
        if (place === -1) continue;
        items.push(slate[place]!);
        times.push(isLast ? afterwards - (requests - step) * pace : step * pace);
      }
    }
    return { name, state, items, times };
  });
}

/**
 * The rest of every newcomer's session with a policy. What happens to a user depends on the world's seed and on what he is
 * shown, so that policies are compared on the same users with the same luck.
 *
 * @returns in the order of the newcomers
 */
export function runSessions(
  world: World,
  newcomers: readonly Newcomer[],
  policy: Policy,
): SessionResult[] {
  const sessions = newcomers.map(({ name, state, items, times }) => ({
    state: copyUser(state),
    items: [...items],
    times: [...times],
    luck: randomStream(world.seed, 'session', name),
    random: randomStream(world.seed, 'policy', policy.name, name),
    reward: 0,
    requests: 0,
    actions: 0,
    purchases: 0,
  }));
  for (let step = 0; step < world.settings.longestSession; step++) {
    const now = afterwards + step * pace;
    const open = sessions.filter(({ state }) => state.patience > 0);
    if (open.length === 0) break;
    const lists = policy.choose(open.map((session) => ({ ...session, now })));
    open.forEach((session, at) => {
      const { place, event, reward } = respond(world, session.state, lists[at]!, session.luck);
      session.requests++;
      session.reward += reward;
      if (place === -1) return;
      session.actions++;
      if (event === 'purchase') session.purchases++;
      session.items.push(lists[at]![place]!);
      session.times.push(now);
    });
  }
  return sessions.map(({ reward, requests, actions, purchases }) => ({
    reward,
    requests,
    actions,
    purchases,
  }));
}

export const meanReward = (sessions: readonly SessionResult[]) =>
  sessions.reduce((sum, { reward }) => sum + reward, 0) / sessions.length;
