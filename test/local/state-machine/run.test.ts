import { describe, expect, it } from 'vitest';
import { TaskError } from '#local/state-machine/run.ts';
import { runStates, task } from './machine.ts';

describe('Function: runStateMachine', () => {
  it('runs Pass, Task, Choice and a distributed Map one after the other', async () => {
    // Arrange
    const states = {
      Prepare: {
        Type: 'Pass',
        Assign: { factor: '{% $states.input.factor %}' },
        Output: { numbers: [1, 2, 3, 4, 5] },
        Next: 'Multiply',
      },
      Multiply: {
        Type: 'Map',
        Items: '{% $states.input.numbers %}',
        ItemSelector: {
          number: '{% $states.context.Map.Item.Value %}',
          factor: '{% $factor %}',
        },
        ItemBatcher: {
          MaxItemsPerBatch: 2,
          BatchInput: { run: '{% $states.context.Execution.Name %}' },
        },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Work',
          States: {
            Work: task({
              Arguments: { FunctionName: 'multiply', Payload: '{% $states.input %}' },
              Output: '{% $states.result.Payload %}',
            }),
          },
        },
        Next: 'Large?',
      },
      'Large?': {
        Type: 'Choice',
        Choices: [{ Condition: '{% $max($states.input.products) > 40 %}', Next: 'Large' }],
        Default: 'Small',
      },
      Large: { Type: 'Succeed', Output: { large: '{% $states.input %}' } },
      Small: { Type: 'Fail', Error: 'TooSmall' },
    };
    const lambda = async (args: unknown) => {
      const { Payload } = args as {
        Payload: { Items: { number: number; factor: number }[]; BatchInput: { run: string } };
      };
      const products = Payload.Items.map((item) => item.number * item.factor);
      return { StatusCode: 200, Payload: { run: Payload.BatchInput.run, products } };
    };
    // Act
    const result = await runStates(states, { factor: 10 }, { lambda });
    // Assess
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      output: {
        large: [
          { run: 'test', products: [10, 20] },
          { run: 'test', products: [30, 40] },
          { run: 'test', products: [50] },
        ],
      },
    });
  });

  it('retries, then catches', async () => {
    // Arrange
    let calls = 0;
    const lambda = async () => {
      calls += 1;
      throw new TaskError('Lambda.TooManyRequestsException', 'Rate exceeded');
    };
    // Act
    const result = await runStates(
      {
        Work: task({
          Retry: [{ ErrorEquals: ['Lambda.TooManyRequestsException'], MaxAttempts: 2 }],
          Catch: [
            {
              ErrorEquals: ['States.ALL'],
              Next: 'Report',
              Output: { error: '{% $states.errorOutput %}' },
            },
          ],
        }),
        Report: { Type: 'Pass', End: true },
      },
      {},
      { lambda },
    );
    // Assess
    expect(calls).toBe(3);
    expect(result.output).toEqual({
      error: { Error: 'Lambda.TooManyRequestsException', Cause: 'Rate exceeded' },
    });
  });
});
