import { ValidationError } from '#lib/contracts/errors.ts';
import { randomStream } from '#lib/recommender/random.ts';
import type { OffPolicyEstimate } from './off-policy.ts';
import { percentileInterval } from './resampling.ts';
import { invertInPlace } from './rivals/inverse.ts';

/** A decision within a session, described by features of state and action together. */
export interface SessionDecision {
  /** Whoever saw it: his sessions are resampled together. */
  readonly user: string;
  /** Decisions of a session follow each other in their order. */
  readonly session: string;
  readonly reward: number;
  /** `phi(s, a)` of what was shown, `[features]`. */
  readonly features: readonly number[];
  /** The mean of `phi(s, a)` over what the policy to be judged shows there, `[features]`. */
  readonly policyFeatures: readonly number[];
}

export interface FittedQOptions {
  /** gamma (0-1) of later rewards of a session. @default 1 */
  readonly discount?: number;
  /** Ridge, as a share of the mean square of the features. @default 1e-6 */
  readonly ridge?: number;
  /** @default 500 */
  readonly samples?: number;
  readonly seed?: number;
}

export interface FittedQValue {
  readonly sessions: number;
  /** Discounted reward of a session as it was logged. */
  readonly logged: OffPolicyEstimate;
  /** The same under the policy to be judged: the mean of `w phi_pi(s_0)` over first decisions. */
  readonly policy: OffPolicyEstimate;
  /** Rounds of regression until nothing changed. */
  readonly iterations: number;
}

const confidence = 0.95;
const mostIterations = 2000;
const mostFeatures = 256;
const leastSessions = 30;

/**
 * What a session would have brought under a policy that was not asked, later consequences of its decisions included: fitted Q
 * evaluation (Le, Voloshin and Yue 2019, arXiv 1903.08738) with a linear Q, `w <- argmin_w sum (r + gamma w_old phi_pi(s') - w phi(s, a))^2`,
 * until it settles. It needs no propensities, but a Q that features can express: where they cannot, it is biased, which an
 * interval does not know. Exact with a feature for each state and action.
 *
 * @throws ValidationError with the reason where nothing can be said: features missing, of different lengths or too many, few
 *   sessions, a policy so far from what was logged that the regressions do not settle
 */
export function fittedQ(
  decisions: readonly SessionDecision[],
  { discount = 1, ridge = 1e-6, samples = 500, seed = 1 }: FittedQOptions = {},
): FittedQValue {
  const size = expectFeatures(decisions);
  const users = statisticsByUser(decisions, size, discount);
  const sessions = users.reduce((sum, own) => sum + own.sessions, 0);
  if (sessions < leastSessions) {
    throw new ValidationError(
      `Fitted Q needs ${leastSessions} sessions at least, these are ${sessions}: log more.`,
    );
  }
  const whole = new Statistics(size);
  for (const own of users) whole.add(own);
  const fitted = regress(whole, discount, ridge);
  if (fitted === undefined) {
    throw new ValidationError(
      `Fitted Q does not settle within ${mostIterations} regressions: the policy to be judged does what is hardly in the logs. Log more of it, or give a smaller discount.`,
    );
  }
  const random = randomStream(seed, 'fitted-q');
  const logged = new Float64Array(samples);
  const values: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const drawn = new Statistics(size);
    for (let draw = 0; draw < users.length; draw++) {
      drawn.add(users[random.integer(users.length)]!);
    }
    logged[sample] = drawn.returns / drawn.sessions;
    const own = regress(drawn, discount, ridge);
    if (own !== undefined) values.push(own.value);
  }
  // An interval of the resamples that settle would be too narrow where many do not.
  if (values.length < 0.95 * samples) {
    throw new ValidationError(
      `Fitted Q settles in only ${values.length} of ${samples} resamples of the users: log more, or give a smaller discount.`,
    );
  }
  return {
    sessions,
    logged: { value: whole.returns / sessions, ...percentileInterval(logged, confidence) },
    policy: {
      value: fitted.value,
      ...percentileInterval(Float64Array.from(values), confidence),
    },
    iterations: fitted.iterations,
  };
}

/** Sums over decisions, all that the regressions read. */
class Statistics {
  /** `sum phi phi'`, `[features, features]`. */
  readonly products: Float64Array;
  /** `sum phi phi_pi(s')'`, `[features, features]`; nothing of a session's last decision. */
  readonly next: Float64Array;
  /** `sum phi r`, `[features]`. */
  readonly rewards: Float64Array;
  /** `sum phi_pi(s_0)` over first decisions, `[features]`. */
  readonly first: Float64Array;
  sessions = 0;
  /** Discounted rewards of all sessions. */
  returns = 0;

  constructor(size: number) {
    this.products = new Float64Array(size * size);
    this.next = new Float64Array(size * size);
    this.rewards = new Float64Array(size);
    this.first = new Float64Array(size);
  }

  add(other: Statistics): void {
    const into = (to: Float64Array, from: Float64Array) => {
      for (let at = 0; at < to.length; at++) to[at]! += from[at]!;
    };
    into(this.products, other.products);
    into(this.next, other.next);
    into(this.rewards, other.rewards);
    into(this.first, other.first);
    this.sessions += other.sessions;
    this.returns += other.returns;
  }
}

function statisticsByUser(
  decisions: readonly SessionDecision[],
  size: number,
  discount: number,
): Statistics[] {
  const users = new Map<string, Statistics>();
  const open = new Map<string, { readonly features: readonly number[]; place: number }>();
  for (const { user, session, reward, features, policyFeatures } of decisions) {
    const own = users.get(user) ?? new Statistics(size);
    users.set(user, own);
    const key = JSON.stringify([user, session]);
    const before = open.get(key);
    const place = before === undefined ? 0 : before.place + 1;
    if (before === undefined) {
      own.sessions++;
      policyFeatures.forEach((value, at) => {
        own.first[at]! += value;
      });
    } else {
      outer(own.next, before.features, policyFeatures);
    }
    outer(own.products, features, features);
    features.forEach((value, at) => {
      own.rewards[at]! += value * reward;
    });
    own.returns += discount ** place * reward;
    open.set(key, { features, place });
  }
  return [...users.values()];
}

function outer(to: Float64Array, rows: readonly number[], columns: readonly number[]): void {
  rows.forEach((row, at) => {
    if (row === 0) return;
    for (let column = 0; column < columns.length; column++) {
      to[at * columns.length + column]! += row * columns[column]!;
    }
  });
}

/** The regressions one after the other; undefined if they do not settle. */
function regress(
  statistics: Statistics,
  discount: number,
  ridge: number,
): { readonly value: number; readonly iterations: number } | undefined {
  const { products, next, rewards, first, sessions } = statistics;
  const size = rewards.length;
  const inverse = products.slice();
  let trace = 0;
  for (let at = 0; at < size; at++) trace += products[at * size + at]!;
  // A feature that no decision has keeps weight 0; of what is smaller the inverse would be infinite.
  const added = Math.max(1e-300, (ridge * trace) / size);
  for (let at = 0; at < size; at++) inverse[at * size + at]! += added;
  invertInPlace(inverse, size);
  const solve = (right: Float64Array) => {
    const solution = new Float64Array(size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const [low, high] = row > column ? [column, row] : [row, column];
        solution[row]! += inverse[high * size + low]! * right[column]!;
      }
    }
    return solution;
  };
  let weights = new Float64Array(size);
  for (let iteration = 1; iteration <= mostIterations; iteration++) {
    const right = rewards.slice();
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        right[row]! += discount * next[row * size + column]! * weights[column]!;
      }
    }
    const better = solve(right);
    const change = Math.hypot(...better.map((value, at) => value - weights[at]!));
    weights = better;
    if (!Number.isFinite(change)) return undefined;
    if (change <= 1e-9 * (1 + Math.hypot(...weights))) {
      let value = 0;
      for (let at = 0; at < size; at++) value += weights[at]! * first[at]!;
      return { value: value / sessions, iterations: iteration };
    }
  }
  return undefined;
}

function expectFeatures(decisions: readonly SessionDecision[]): number {
  const size = decisions[0]?.features.length ?? 0;
  if (size === 0 || size > mostFeatures) {
    throw new ValidationError(
      `Fitted Q needs 1 to ${mostFeatures} features of state and action in every decision, these have ${size}.`,
    );
  }
  const wrong = decisions.findIndex(
    ({ features, policyFeatures, reward }) =>
      features.length !== size ||
      policyFeatures.length !== size ||
      ![reward, ...features, ...policyFeatures].every(Number.isFinite),
  );
  if (wrong !== -1) {
    throw new ValidationError(
      `Decision ${wrong + 1}: it has not ${size} features of what was shown and of what the policy shows as the first one has, or one of them or its reward is no number.`,
    );
  }
  return size;
}
