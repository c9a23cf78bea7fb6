import { describe, expect, it } from 'vitest';
import { runStates } from '../machine.ts';

const states = {
  Choice: {
    Type: 'Choice',
    Choices: [
      {
        Condition: '{% $states.input.n > 10 %}',
        Output: 'large',
        Assign: { from: 'rule' },
        Next: 'End',
      },
      { Condition: '{% $states.input.n > 5 %}', Next: 'End' },
    ],
    Default: 'End',
    Output: 'small',
    Assign: { from: 'default' },
  },
  End: {
    Type: 'Pass',
    Output: ['{% $states.input %}', '{% $exists($from) ? $from : null %}'],
    End: true,
  },
};

describe('State: Choice', () => {
  it.each([
    [11, ['large', 'rule']],
    [6, [{ n: 6 }, null]],
    [1, ['small', 'default']],
  ])('goes the way of the first rule that holds for %s', async (n, expected) => {
    expect((await runStates(states, { n })).output).toEqual(expected);
  });

  it('fails as States.NoChoiceMatched without a Default', async () => {
    const { Default: _default, ...Choice } = states.Choice;
    expect(await runStates({ ...states, Choice }, { n: 1 })).toMatchObject({
      status: 'FAILED',
      error: 'States.NoChoiceMatched',
    });
  });

  it('fails when a condition gives no boolean', async () => {
    const Choice = { Type: 'Choice', Choices: [{ Condition: '{% $states.input %}', Next: 'End' }] };
    expect(await runStates({ Choice, End: { Type: 'Succeed' } }, 'yes')).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: 'The field \'Choice.Choices[0].Condition\' must give a boolean, not "yes".',
    });
  });
});
