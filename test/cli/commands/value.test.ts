import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeValue, readDecisions } from '#cli/experiments/logged-decisions.ts';
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

    const text = describeValue(offPolicyValue(readDecisions(written(lines))));

    expect(text).toContain('200 decisions, 50 users');
    expect(text).toContain('SNIPS          0.7500');
    expect(text).toContain('needs "predicted" and "expected"');
    expect(text).toContain('overlap 100.0 %, clipped 0.0 %, mean weight 1.000');
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
});
