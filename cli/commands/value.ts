import { resolve } from 'node:path';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const value: Command = {
  usage: `Usage: npx lea value --decisions FILE [--clip N] [--discount N] [--json]

Estimates from logs what a policy would have brought that was not asked: SNIPS and, with a model of rewards, the doubly
robust estimate, with intervals over users, effective sample size, overlap and clip rate; with features of state and
action, fitted Q evaluation of whole sessions. Refuses, with the reason, where nothing can be said.

  --decisions FILE  JSON lines {user_id, reward, propensity, chance, predicted?, expected?}: the chance with which the
                    logging policy showed something, that with which the policy to be judged shows the same there, and
                    a model's guess of both rewards; and session_id?, features?, policy_features? for whole sessions
                    (docs/evaluation.md)
  --clip N          largest weight chance / propensity (default 50)
  --discount N      of later rewards of a session, 0 to 1 (default 1)
  --json            for programs`,
  needs: [],
  prepare(args) {
    const { decisions, clip, discount, json } = readOptions(args, {
      decisions: { type: 'string' },
      clip: { type: 'string', default: '50' },
      discount: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    });
    if (decisions === undefined) throw new UsageError('--decisions FILE is needed.');
    const most = Number(clip);
    if (!(most > 0)) throw new UsageError(`--clip ${clip}: expected a number above 0.`);
    const later = Number(discount);
    if (!(later >= 0 && later <= 1)) {
      throw new UsageError(`--discount ${discount}: expected a number from 0 to 1.`);
    }
    return async () => {
      const { describeValue, readDecisions, sessionValue } = await import(
        '../experiments/logged-decisions.ts'
      );
      const { offPolicyValue } = await import('#lib/evaluation/off-policy.ts');
      const read = readDecisions(resolve(decisions));
      const found = offPolicyValue(read, { clip: most });
      const session = sessionValue(read, { discount: later });
      const all = { ...found, fittedQ: session };
      console.log(json ? JSON.stringify(all, null, 2) : describeValue(found, session));
      return 0;
    };
  },
};
