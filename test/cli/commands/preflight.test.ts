import { describe, expect, it } from 'vitest';
import { preflight } from '#cli/commands/preflight.ts';

describe('Command: preflight', () => {
  it.each(['Prod', 'a-team-of-20-letters1', 'dev--2', ''])(
    'refuses the environment "%s", as the deployment would',
    (environment) => {
      expect(() => preflight.prepare(['--environment', environment])).toThrow(
        /^--environment .*: (at most 20 characters|lower-case letters)/,
      );
    },
  );

  it('takes a name that a deployment may have', () => {
    expect(preflight.prepare(['--environment', 'a-team-of-20-letters'])).toBeTypeOf('function');
  });
});
