import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { impression, loggedDecision } from '#lib/contracts/impression.ts';
import { type FittedQOptions, type FittedQValue, fittedQ } from '#lib/evaluation/fitted-q.ts';
import type {
  LoggedDecision,
  OffPolicyEstimate,
  OffPolicyValue,
} from '#lib/evaluation/off-policy.ts';

/** A line: a decision, and what of its session and features it says. */
export interface ReadDecision extends LoggedDecision {
  readonly session: string;
  readonly features: readonly number[] | undefined;
  readonly policyFeatures: readonly number[] | undefined;
}

/** Why nothing can be said of whole sessions, or what. */
export type SessionValue = FittedQValue | { readonly refused: string };

/** Fitted Q evaluation of the decisions, where their lines have features. */
export function sessionValue(
  decisions: readonly ReadDecision[],
  options: FittedQOptions,
): SessionValue {
  const described = decisions.flatMap(({ features, policyFeatures, ...own }) =>
    features === undefined || policyFeatures === undefined
      ? []
      : [{ ...own, features, policyFeatures }],
  );
  if (described.length < decisions.length) {
    return { refused: 'needs "features" and "policy_features" in every line' };
  }
  try {
    return fittedQ(described, options);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return { refused: error.message };
  }
}

/**
 * Reads decisions from JSON lines, gzipped if the name ends in `.gz`.
 *
 * @throws ValidationError that names the line and what is wrong with it
 */
export function readDecisions(path: string): ReadDecision[] {
  let text: string;
  try {
    const bytes = readFileSync(path);
    text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new ValidationError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    const own = parse(line, path, at + 1);
    const { user_id, reward, propensity, chance, predicted, expected } = own;
    return [
      {
        session: own.session_id ?? '',
        features: own.features ?? undefined,
        policyFeatures: own.policy_features ?? undefined,
        user: user_id,
        reward,
        propensity: propensity ?? undefined,
        chance,
        predicted: predicted ?? undefined,
        expected: expected ?? undefined,
      },
    ];
  });
}

function parse(line: string, path: string, number: number): z.infer<typeof loggedDecision> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new ValidationError(`${path}, line ${number}: not one complete JSON object.`, { cause });
  }
  const result = loggedDecision.safeParse(value);
  if (result.success) return result.data;
  if (impression.safeParse(value).success) {
    throw new ValidationError(
      `${path}, line ${number} is what was answered (operations.serving.impressions). It has the chance of who answered, but neither what came of it ("reward") nor the chance with which the policy to be judged would have shown the same ("chance"): join it with the log by recommendation_id, and add both. How the two models of operations.serving.variants compare is in the nightly report.`,
    );
  }
  throw new ValidationError(`${path}, line ${number}:\n${explain(result.error)}`);
}

export function describeValue(found: OffPolicyValue, session: SessionValue): string {
  const { decisions, users, logged, snips, doublyRobust, effectiveSize, overlap } = found;
  const interval = ({ value, low, high }: OffPolicyEstimate) =>
    `${value.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `${decisions} decisions, ${users} users; reward of a decision, 95 % over users`,
    `logged         ${interval(logged)}`,
    `SNIPS          ${interval(snips)}`,
    doublyRobust === null
      ? 'doubly robust  needs "predicted" and "expected" in every line'
      : `doubly robust  ${interval(doublyRobust)}`,
    `effective size ${effectiveSize.toFixed(0)}, overlap ${percent(overlap)}, clipped ${percent(found.clipRate)}, mean weight ${found.meanWeight.toFixed(3)} (1 where propensities are right)`,
    ...('refused' in session
      ? [`fitted Q       ${session.refused}`]
      : [
          `${session.sessions} sessions; discounted reward of a session, 95 % over users`,
          `logged         ${interval(session.logged)}`,
          `fitted Q       ${interval(session.policy)}, settled after ${session.iterations} regressions`,
        ]),
  ].join('\n');
}
