import { resolve } from 'node:path';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const value: Command = {
  usage: `Usage: npx lea value --decisions FILE [--clip N] [--json]

Estimates from logs what a policy would have brought that was not asked: SNIPS and, with a model of rewards, the doubly
robust estimate, with intervals over users, effective sample size, overlap and clip rate. Refuses, with the reason, where
nothing can be said.

  --decisions FILE  JSON lines {user_id, reward, propensity, chance, predicted?, expected?}: the chance with which the
                    logging policy showed something, that with which the policy to be judged shows the same there, and
                    a model's guess of both rewards (docs/evaluation.md)
  --clip N          largest weight chance / propensity (default 50)
  --json            for programs`,
  needs: [],
  prepare(args) {
    const { decisions, clip, json } = readOptions(args, {
      decisions: { type: 'string' },
      clip: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
    });
    if (decisions === undefined) throw new UsageError('--decisions FILE is needed.');
    const most = Number(clip);
    if (!(most > 0)) throw new UsageError(`--clip ${clip}: expected a number above 0.`);
    return async () => {
      const { describeValue, readDecisions } = await import('../experiments/logged-decisions.ts');
      const { offPolicyValue } = await import('#lib/evaluation/off-policy.ts');
      const found = offPolicyValue(readDecisions(resolve(decisions)), { clip: most });
      console.log(json ? JSON.stringify(found, null, 2) : describeValue(found));
      return 0;
    };
  },
};
