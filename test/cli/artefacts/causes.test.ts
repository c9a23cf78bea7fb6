import { describe, expect, it } from 'vitest';
import { explainCause } from '#cli/artefacts/causes.ts';

const ofFunction = JSON.stringify({
  errorMessage: 'There are no rows.',
  errorType: 'ValidationError',
  trace: ['ValidationError: There are no rows.', '    at build (/var/task/handler.mjs:1:1)'],
});

describe('Function: explainCause', () => {
  it.each([
    ['text', 'it took too long', 'it took too long'],
    ['JSON of another kind', '{"a": 1}', '{"a": 1}'],
    ['the error of a function', ofFunction, 'There are no rows.'],
    [
      'a failed job',
      JSON.stringify({ TrainingJobName: 'fit-1', FailureReason: 'AlgorithmError: no', Tags: [] }),
      'fit-1: AlgorithmError: no',
    ],
    [
      'an error within another',
      JSON.stringify({ Error: 'ValidationError', Cause: ofFunction }),
      'ValidationError: There are no rows.',
    ],
  ])('makes a message of %s', (_case, cause, message) => {
    expect(explainCause(cause)).toBe(message);
  });
});
