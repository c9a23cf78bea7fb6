import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { loggedDecision } from '#lib/contracts/impression.ts';
import type {
  LoggedDecision,
  OffPolicyEstimate,
  OffPolicyValue,
} from '#lib/evaluation/off-policy.ts';

/**
 * Reads decisions from JSON lines, gzipped if the name ends in `.gz`.
 *
 * @throws ValidationError that names the line and what is wrong with it
 */
export function readDecisions(path: string): LoggedDecision[] {
  let text: string;
  try {
    const bytes = readFileSync(path);
    text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new ValidationError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    const { user_id, reward, propensity, chance, predicted, expected } = parse(line, path, at + 1);
    return [
      {
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
  throw new ValidationError(`${path}, line ${number}:\n${explain(result.error)}`);
}

export function describeValue(found: OffPolicyValue): string {
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
  ].join('\n');
}
