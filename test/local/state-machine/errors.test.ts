import { describe, expect, it } from 'vitest';
import { matchesError, StateError } from '#local/state-machine/errors.ts';

describe('Function: matchesError', () => {
  it.each([
    // [ErrorEquals, error, matches]
    [['Busy'], 'Busy', true],
    [['Busy'], 'busy', false],
    [['Other', 'Busy'], 'Busy', true],
    [['States.ALL'], 'Busy', true],
    [['States.ALL'], 'States.Timeout', true],
    [['States.ALL'], 'States.QueryEvaluationError', true],
    [['States.ALL'], undefined, true],
    [['States.TaskFailed'], 'Busy', true],
    [['States.TaskFailed'], 'States.TaskFailed', true],
    [['States.TaskFailed'], 'States.Timeout', false],
    [['States.ALL'], 'States.DataLimitExceeded', false],
    [['States.TaskFailed'], 'States.DataLimitExceeded', false],
    [['States.DataLimitExceeded'], 'States.DataLimitExceeded', true],
    [['States.ALL'], 'States.Runtime', false],
    [['States.Runtime'], 'States.Runtime', false],
  ])('%j against %s: %s', (errorEquals, error, expected) => {
    expect(matchesError(errorEquals, new StateError(error))).toBe(expected);
  });
});
