import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeValue, readDecisions, sessionValue } from '#cli/experiments/logged-decisions.ts';
import { offPolicyValue } from '#lib/evaluation/off-policy.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

function written(lines: readonly string[]): string {
  const path = join(temporaryFolder('decisions'), 'decisions.jsonl');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

describe('Command: value', () => {
  it('reads decisions and says what is known of them', () => {
    const lines = Array.from({ length: 200 }, (_, at) =>
      JSON.stringify({
        user_id: `u${at % 50}`,
        reward: at % 2,
        propensity: 0.5,
        chance: at % 2 === 0 ? 0.25 : 0.75,
      }),
    );

    const decisions = readDecisions(written(lines));
    const text = describeValue(offPolicyValue(decisions), sessionValue(decisions, {}));

    expect(text).toContain('200 decisions, 50 users');
    expect(text).toContain('SNIPS          0.7500');
    expect(text).toContain('needs "predicted" and "expected"');
    expect(text).toContain('overlap 100.0 %, clipped 0.0 %, mean weight 1.000');
    expect(text).toContain('fitted Q       needs "features" and "policy_features" in every line');
  });

  it('says what whole sessions bring where lines have features, and why not where they are too few', () => {
    // Everybody has two sessions of two decisions; the first choice brings 1, the second nothing.
    const lines = (users: number) =>
      Array.from({ length: 4 * users }, (_, at) =>
        JSON.stringify({
          user_id: `u${at >> 2}`,
          session_id: `s${(at >> 1) % 2}`,
          reward: (at >> 1) % 2,
          propensity: 0.5,
          chance: (at >> 1) % 2 === 0 ? 0.25 : 0.75,
          features: (at >> 1) % 2 === 0 ? [1, 0] : [0, 1],
          policy_features: [0.25, 0.75],
        }),
      );
    const [many, few] = [50, 14].map((users) => readDecisions(written(lines(users))));

    const whole = sessionValue(many!, { discount: 0.5 });
    const text = describeValue(offPolicyValue(many!), whole);

    expect(whole).toMatchObject({ sessions: 100, logged: { value: 0.75 } });
    // V = .25 w_1 + .75 w_2, where half of the decisions are followed by another: w_1 = .25 V, w_2 = 1 + .25 V.
    expect(text).toContain('fitted Q       1.0000 (');
    expect(text).toContain('100 sessions; discounted reward of a session');
    expect(sessionValue(few!, {})).toEqual({
      refused: expect.stringContaining('needs 30 sessions at least, these are 28'),
    });
  });

  it.each([
    ['not json', /line 1: not one complete JSON object/],
    ['{"user_id":"u","reward":1,"chance":0.5,"prob":1}', /line 1:\n.*prob/],
    ['{"user_id":"u","reward":1}', /chance/],
  ])('names the line of %s', (line, message) => {
    expect(() => readDecisions(written([line]))).toThrow(message);
  });

  it('says that a file is no gzip', () => {
    const path = join(temporaryFolder('decisions'), 'decisions.jsonl.gz');
    writeFileSync(path, '{}');
    expect(() => readDecisions(path)).toThrow(/decisions\.jsonl\.gz cannot be read: .*header/);
  });

  it('says that a file is missing', () => {
    expect(() => readDecisions('/nowhere/decisions.jsonl')).toThrow('cannot be read');
  });

  it('says what a log of answers lacks', () => {
    const answered = {
      recommendation_id: 'r',
      time: 1_700_000_000,
      operation: 'recommend',
      user_id: 'u',
      experiment: null,
      variant: 'champion',
      propensity: 1,
      model: { run: '2026-11-29', name: 'sasrec' },
      source: 'model',
      items: ['a'],
      scores: [1],
      count: 1,
    };

    const reading = () => readDecisions(written([JSON.stringify(answered)]));

    expect(reading).toThrow('neither what came of it ("reward") nor the chance');
  });
});
