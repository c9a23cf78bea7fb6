import { describe, expect, it } from 'vitest';
import { sleep } from '#local/state-machine/cancellation.ts';
import { DefinitionError, TaskError } from '#local/state-machine/errors.ts';
import type { TaskContext } from '#local/state-machine/resources.ts';
import type { ExecutionEvent } from '#local/state-machine/run.ts';
import { machine, runStates, task } from './machine.ts';

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

  it('refuses a definition that asks for what it does not know, before anything runs', async () => {
    // Arrange
    const events: unknown[] = [];
    // Act
    const running = runStates(
      {
        First: { Type: 'Pass', Next: 'Work' },
        Work: task({ Resource: 'arn:aws:states:::batch:submitJob' }),
      },
      {},
      { onEvent: (event) => events.push(event) },
    );
    // Assess
    await expect(running).rejects.toThrow(DefinitionError);
    await expect(running).rejects.toThrow(
      'States.Work.Resource: arn:aws:states:::batch:submitJob is not known',
    );
    expect(events).toEqual([]);
  });

  it('tells what happens, in order, and keeps it as history', async () => {
    // Arrange
    const events: ExecutionEvent[] = [];
    let calls = 0;
    const lambda = async () => {
      calls += 1;
      throw new TaskError('Busy', `call ${calls}`);
    };
    // Act
    const { history } = await runStates(
      {
        Work: task({
          Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 1, IntervalSeconds: 4 }],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
        }),
        Caught: { Type: 'Fail', Error: 'Stop' },
      },
      {},
      { lambda, onEvent: (event) => events.push(event) },
    );
    // Assess
    const work = { execution: 'test', state: 'Work', path: 'Work', stateType: 'Task' };
    const caught = { execution: 'test', state: 'Caught', path: 'Caught', stateType: 'Fail' };
    expect(history).toMatchObject([
      { ...work, type: 'state-entered' },
      {
        ...work,
        type: 'state-retried',
        error: 'Busy',
        cause: 'call 1',
        retryCount: 1,
        delaySeconds: 4,
      },
      { ...work, type: 'state-failed', error: 'Busy', cause: 'call 2', caughtBy: 'Caught' },
      { ...work, type: 'state-exited' },
      { ...caught, type: 'state-entered' },
      { ...caught, type: 'state-failed', error: 'Stop', caughtBy: undefined },
    ]);
    expect(events).toEqual(history);
  });

  it('rejects on a defect of the runner rather than calling it a failure of the states', async () => {
    const running = runStates(
      { Wait: { Type: 'Wait', Seconds: 1, End: true } },
      {},
      {
        sleep: () => Promise.reject(new TypeError('defect')),
      },
    );
    await expect(running).rejects.toThrow('defect');
  });

  describe('Stopping', () => {
    /** Runs until it is stopped; heeds its signal. */
    const patient =
      (stopped: string[]) =>
      (_args: unknown, { signal, stateName }: TaskContext) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            // Ending takes a moment, as that of a process does.
            setImmediate(() => {
              stopped.push(stateName);
              reject(signal.reason);
            });
          });
        });
    const everywhere = {
      Both: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'A',
            States: {
              A: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] }),
              Caught: task(),
            },
          },
          {
            StartAt: 'Each',
            States: {
              Each: {
                Type: 'Map',
                Items: [1],
                ItemProcessor: {
                  ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
                  StartAt: 'B',
                  States: { B: task({ Retry: [{ ErrorEquals: ['States.ALL'] }] }) },
                },
                ToleratedFailurePercentage: 100,
                End: true,
              },
            },
          },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Never' }],
        Next: 'Never',
      },
      Never: task(),
    };

    it('ends ABORTED when its signal is aborted, once all tasks have ended', async () => {
      // Arrange
      const stopped: string[] = [];
      const controller = new AbortController();
      const entered = (event: ExecutionEvent) => {
        if (event.state === 'B') setImmediate(() => controller.abort(new Error('Ctrl-C')));
      };
      // Act
      const result = await runStates(
        everywhere,
        {},
        {
          lambda: patient(stopped),
          signal: controller.signal,
          onEvent: entered,
        },
      );
      // Assess
      expect(result).toMatchObject({
        status: 'ABORTED',
        cause: 'The execution was stopped: Ctrl-C',
      });
      expect(result).not.toHaveProperty('output');
      expect(stopped.toSorted()).toEqual(['A', 'B']);
      expect(result.history.map((event) => event.state)).not.toContain('Never');
    });

    it('does not start when its signal was aborted before', async () => {
      const result = await runStates(
        { Pass: { Type: 'Pass', End: true } },
        {},
        {
          signal: AbortSignal.abort('closed'),
        },
      );
      expect(result).toMatchObject({
        status: 'ABORTED',
        cause: 'The execution was stopped: closed',
        history: [],
      });
    });

    it('stops waiting', async () => {
      const result = await runStates(
        { Wait: { Type: 'Wait', Seconds: 99_999_999, End: true } },
        {},
        {
          sleep,
          signal: AbortSignal.timeout(20),
        },
      );
      expect(result.status).toBe('ABORTED');
    });

    it("ends TIMED_OUT after the state machine's TimeoutSeconds, which nothing catches", async () => {
      const stopped: string[] = [];
      const result = await runStates(
        everywhere,
        {},
        {
          lambda: patient(stopped),
          definition: { ...machine(everywhere), TimeoutSeconds: 1 },
        },
      );
      expect(result).toMatchObject({
        status: 'TIMED_OUT',
        error: 'States.Timeout',
        cause: expect.stringContaining('TimeoutSeconds, 1'),
      });
      expect(stopped.toSorted()).toEqual(['A', 'B']);
    });

    it('gives up on a task that does not heed its signal', async () => {
      const result = await runStates(
        { Work: task() },
        {},
        {
          lambda: () => new Promise(() => {}),
          signal: AbortSignal.timeout(20),
          stopGraceMs: 20,
        },
      );
      expect(result.status).toBe('ABORTED');
    });
  });
});
