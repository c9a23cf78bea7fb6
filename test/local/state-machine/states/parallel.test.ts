import { describe, expect, it } from 'vitest';
import { TaskError } from '#local/state-machine/errors.ts';
import type { TaskContext } from '#local/state-machine/resources.ts';
import { runStates, task } from '../machine.ts';

const branch = (name: string, state: Record<string, unknown>) => ({
  StartAt: name,
  States: { [name]: state },
});

describe('State: Parallel', () => {
  it('runs its branches at the same time on Arguments and keeps their order', async () => {
    // Arrange: the first branch ends only after the second has.
    const { promise: secondEnded, resolve: endSecond } = Promise.withResolvers<void>();
    const lambda = async (args: unknown, { stateName }: TaskContext) => {
      if (stateName === 'A') await secondEnded;
      else endSecond();
      return [stateName, args];
    };
    // Act
    const result = await runStates(
      {
        Both: {
          Type: 'Parallel',
          Arguments: { n: '{% $states.input + 1 %}' },
          Branches: [branch('A', task()), branch('B', task())],
          Assign: { first: '{% $states.result[0][0] %}' },
          Next: 'After',
        },
        After: {
          Type: 'Pass',
          Output: { result: '{% $states.input %}', first: '{% $first %}' },
          End: true,
        },
      },
      1,
      { lambda },
    );
    // Assess
    expect(result.output).toEqual({
      result: [
        ['A', { n: 2 }],
        ['B', { n: 2 }],
      ],
      first: 'A',
    });
  });

  it('lets branches read the variables around them and keep their own to themselves', async () => {
    const set = (name: string, value: string) => ({
      StartAt: name,
      States: {
        [name]: { Type: 'Pass', Assign: { mine: value }, Next: `${name}2` },
        [`${name}2`]: { Type: 'Pass', Output: '{% $outer & $mine %}', End: true },
      },
    });
    const result = await runStates({
      First: { Type: 'Pass', Assign: { outer: 'o' }, Next: 'Both' },
      Both: { Type: 'Parallel', Branches: [set('A', 'a'), set('B', 'b')], End: true },
    });
    expect(result.output).toEqual(['oa', 'ob']);
  });

  it('fails with the error of the first branch that fails, and stops the others', async () => {
    // Arrange
    const stopped: string[] = [];
    const lambda = (_args: unknown, { stateName, signal }: TaskContext) =>
      new Promise((_resolve, reject) => {
        if (stateName === 'A') reject(new TaskError('Broken', 'in A'));
        signal.addEventListener('abort', () => {
          stopped.push(stateName);
          reject(signal.reason);
        });
      });
    // Act
    const result = await runStates(
      {
        Both: {
          Type: 'Parallel',
          Branches: [
            branch('A', task()),
            // Being stopped is no error that a state could retry or catch.
            branch('B', task({ Retry: [{ ErrorEquals: ['States.ALL'] }] })),
          ],
          Catch: [{ ErrorEquals: ['Broken'], Output: '{% $states.errorOutput %}', Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Succeed' },
      },
      {},
      { lambda },
    );
    // Assess
    expect(result.output).toEqual({ Error: 'Broken', Cause: 'in A' });
    expect(stopped).toEqual(['B']);
    expect(result.history.filter((event) => event.type === 'state-retried')).toEqual([]);
  });

  it('runs all branches again when it is retried', async () => {
    const calls: string[] = [];
    const lambda = async (_args: unknown, { stateName }: TaskContext) => {
      calls.push(stateName);
      if (calls.length === 2) throw new TaskError('Broken');
      return stateName;
    };
    const result = await runStates(
      {
        Both: {
          Type: 'Parallel',
          Branches: [branch('A', task()), branch('B', task())],
          Retry: [{ ErrorEquals: ['Broken'] }],
          End: true,
        },
      },
      {},
      { lambda },
    );
    expect(result.output).toEqual(['A', 'B']);
    expect(calls.toSorted()).toEqual(['A', 'A', 'B', 'B']);
  });

  it('fails as States.DataLimitExceeded when the branches together give too much', async () => {
    const result = await runStates(
      {
        Both: {
          Type: 'Parallel',
          Branches: [branch('A', task()), branch('B', task())],
          Output: 1,
          End: true,
        },
      },
      {},
      { lambda: async () => 'x'.repeat(150_000) },
    );
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});
