import { describe, expect, it } from 'vitest';
import { TaskError } from '#local/state-machine/errors.ts';
import { PAYLOAD_LIMIT } from '#local/state-machine/payload.ts';
import type { TaskContext } from '#local/state-machine/resources.ts';
import { runStates, task } from '../machine.ts';

describe('State: Task', () => {
  it('hands Arguments to the resource and its result on', async () => {
    // Arrange
    const calls: unknown[] = [];
    const lambda = async (args: unknown, { stateName, executionName }: TaskContext) => {
      calls.push({ args, stateName, executionName });
      return { Payload: { length: 3 }, StatusCode: 200, ExecutedVersion: '$LATEST' };
    };
    // Act
    const result = await runStates(
      {
        Work: task({
          Arguments: { Payload: { word: '{% $states.input.word %}' } },
          Output: '{% $states.result.Payload %}',
          Assign: { status: '{% $states.result.StatusCode %}' },
          Next: 'After',
        }),
        After: { Type: 'Pass', Output: ['{% $states.input.length %}', '{% $status %}'], End: true },
      },
      { word: 'two' },
      { lambda },
    );
    // Assess
    expect(calls).toEqual([
      { args: { Payload: { word: 'two' } }, stateName: 'Work', executionName: 'test' },
    ]);
    expect(result.output).toEqual([3, 200]);
  });

  it('hands the input over without Arguments, and the result on without Output', async () => {
    const { output } = await runStates(
      { Work: task() },
      { a: 1 },
      { lambda: async (args) => [args] },
    );
    expect(output).toEqual([{ a: 1 }]);
  });

  it('finds its resource whatever the partitions are', async () => {
    const { output } = await runStates({ Work: task({ Resource: 'arn:aws-cn:states:::x:y' }) }, 1, {
      resources: { 'arn:aws-us-gov:states:::x:y': async (args) => [args] },
    });
    expect(output).toEqual([1]);
  });

  it('takes what JSON cannot carry as JSON does', async () => {
    const { output } = await runStates(
      { Work: task() },
      {},
      {
        lambda: async () => ({ at: new Date(0), nothing: undefined, list: [undefined] }),
      },
    );
    expect(output).toEqual({ at: '1970-01-01T00:00:00.000Z', list: [null] });
    expect(await runStates({ Work: task() }, {}, { lambda: async () => undefined })).toMatchObject({
      output: null,
    });
  });

  it('fails by the name of the error that the resource threw', async () => {
    const lambda = async () => {
      throw new TaskError('SageMaker.ResourceLimitExceededException', 'no more instances');
    };
    expect(await runStates({ Work: task() }, {}, { lambda })).toMatchObject({
      status: 'FAILED',
      error: 'SageMaker.ResourceLimitExceededException',
      cause: 'no more instances',
    });
  });

  it('calls any other error States.TaskFailed', async () => {
    const lambda = () => {
      throw new Error('broken');
    };
    expect(await runStates({ Work: task() }, {}, { lambda })).toMatchObject({
      status: 'FAILED',
      error: 'States.TaskFailed',
      cause: 'broken',
    });
  });

  it('ends after TimeoutSeconds and tells the resource', async () => {
    // Arrange
    let reason: unknown;
    const lambda = (_args: unknown, { signal }: TaskContext) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          reject(new Error('stopped'));
        });
      });
    // Act
    const result = await runStates(
      {
        Work: task({
          TimeoutSeconds: '{% $states.input.seconds %}',
          Catch: [
            { ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' },
            { ErrorEquals: ['States.Timeout'], Next: 'Right' },
          ],
        }),
        Wrong: { Type: 'Fail' },
        Right: { Type: 'Succeed' },
      },
      { seconds: 1 },
      { lambda },
    );
    // Assess
    expect(result.output).toMatchObject({ Error: 'States.Timeout' });
    expect(reason).toMatchObject({ error: 'States.Timeout' });
  });

  it('does not wait for a resource that goes on after its time', async () => {
    const result = await runStates(
      { Work: task({ TimeoutSeconds: 1 }) },
      {},
      {
        lambda: () => new Promise(() => {}),
        stopGraceMs: 1,
      },
    );
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  it('evaluates a wrong TimeoutSeconds to States.QueryEvaluationError', async () => {
    const result = await runStates(
      { Work: task({ TimeoutSeconds: '{% $states.input.s %}' }) },
      { s: '1' },
    );
    expect(result).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause:
        'The field \'Work.TimeoutSeconds\' must give a whole number from 1 to 99999999, not "1".',
    });
  });

  describe('Limit: 256 KiB', () => {
    const text = 'é'.repeat(PAYLOAD_LIMIT / 2 - 1);

    it('lets a result of exactly 256 KiB pass', async () => {
      // Two bytes a letter in UTF-8, and the two quotation marks.
      const result = await runStates({ Work: task() }, {}, { lambda: async () => text });
      expect(result).toMatchObject({ status: 'SUCCEEDED', output: text });
    });

    it.each([
      ['the input', { Work: task() }, `${text}x`],
      [
        'the arguments',
        { Work: task({ Arguments: { twice: '{% $states.input & "x" %}' } }) },
        text,
      ],
      ['the result', { Work: task({ Output: 1 }) }, 'result'],
      [
        'the output',
        { Work: task({ Output: '{% $states.input & $states.input %}' }) },
        text.slice(9),
      ],
      ['the variables', { Work: task({ Assign: { a: '{% $states.input %}' } }) }, text],
    ])('fails as States.DataLimitExceeded when %s is larger', async (_name, states, input) => {
      const lambda = async (args: unknown) => (args === 'result' ? `${text}x` : 1);
      const result = await runStates(states, input, { lambda });
      expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    });

    it('is caught by its own name only', async () => {
      // Arrange
      let calls = 0;
      const lambda = async () => {
        calls += 1;
        return `${text}x`;
      };
      const run = (name: string) =>
        runStates(
          {
            Work: task({
              Retry: [{ ErrorEquals: [name], MaxAttempts: 1 }],
              Catch: [{ ErrorEquals: [name], Output: 'caught', Next: 'Caught' }],
            }),
            Caught: { Type: 'Succeed' },
          },
          {},
          { lambda },
        );
      // Act, Assess
      expect(await run('States.ALL')).toMatchObject({ status: 'FAILED' });
      expect(await run('States.TaskFailed')).toMatchObject({ status: 'FAILED' });
      expect(calls).toBe(2);
      expect(await run('States.DataLimitExceeded')).toMatchObject({ output: 'caught' });
      expect(calls).toBe(4);
    });
  });

  describe('Fields: Retry and Catch', () => {
    it('waits as the retrier says and counts its retries', async () => {
      // Arrange
      const waits: number[] = [];
      const counts: unknown[] = [];
      let calls = 0;
      const lambda = async (args: unknown) => {
        counts.push(args);
        calls += 1;
        if (calls < 5) throw new TaskError(calls === 3 ? 'Other' : 'Busy');
        return calls;
      };
      // Act
      const result = await runStates(
        {
          Work: task({
            Arguments: '{% {"retries": $states.context.State.RetryCount} %}',
            Retry: [
              {
                ErrorEquals: ['Busy'],
                IntervalSeconds: 2,
                BackoffRate: 3,
                MaxDelaySeconds: 10,
                JitterStrategy: 'FULL',
              },
              { ErrorEquals: ['States.ALL'], IntervalSeconds: 7, MaxAttempts: 1 },
            ],
          }),
        },
        {},
        {
          lambda,
          random: () => 0.5,
          sleep: async (ms) => {
            waits.push(ms);
          },
        },
      );
      // Assess
      expect(result.output).toBe(5);
      expect(waits).toEqual([1000, 3000, 7000, 5000]);
      expect(counts).toEqual([0, 1, 2, 3, 4].map((retries) => ({ retries })));
    });

    it('retries an expression that fails, after the task too', async () => {
      let calls = 0;
      const result = await runStates(
        {
          Work: task({
            Output: '{% $states.result.missing %}',
            Retry: [{ ErrorEquals: ['States.QueryEvaluationError'], MaxAttempts: 2 }],
            Catch: [
              {
                ErrorEquals: ['States.ALL'],
                Output: '{% $states.errorOutput.Error %}',
                Next: 'Caught',
              },
            ],
          }),
          Caught: { Type: 'Succeed' },
        },
        {},
        {
          lambda: async () => {
            calls += 1;
            return {};
          },
        },
      );
      expect(calls).toBe(3);
      expect(result.output).toBe('States.QueryEvaluationError');
    });

    it('takes the first catcher that matches; its Output and Assign see the error', async () => {
      // Arrange
      const lambda = async () => {
        throw new TaskError('Busy', 'for a reason');
      };
      const states = {
        Work: task({
          Catch: [
            { ErrorEquals: ['Other'], Next: 'Wrong' },
            {
              ErrorEquals: ['Busy'],
              Assign: { why: '{% $states.errorOutput.Cause %}' },
              Output: { input: '{% $states.input %}', error: '{% $states.errorOutput.Error %}' },
              Next: 'Right',
            },
            { ErrorEquals: ['States.ALL'], Next: 'Wrong' },
          ],
        }),
        Wrong: { Type: 'Fail' },
        Right: { Type: 'Succeed', Output: '{% $merge([$states.input, {"why": $why}]) %}' },
      };
      // Act
      const result = await runStates(states, 'in', { lambda });
      // Assess
      expect(result.output).toEqual({ input: 'in', error: 'Busy', why: 'for a reason' });
    });

    it('hands the error on without Output', async () => {
      const lambda = async () => {
        throw new TaskError('Busy');
      };
      const result = await runStates(
        {
          Work: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] }),
          Caught: { Type: 'Succeed' },
        },
        {},
        { lambda },
      );
      expect(result.output).toEqual({ Error: 'Busy' });
    });

    it('fails when the catcher itself cannot be evaluated', async () => {
      const lambda = async () => {
        throw new TaskError('Busy');
      };
      const result = await runStates(
        {
          Work: task({
            Catch: [
              {
                ErrorEquals: ['States.ALL'],
                Output: '{% $states.errorOutput.Cause %}',
                Next: 'Caught',
              },
            ],
          }),
          Caught: { Type: 'Succeed' },
        },
        {},
        { lambda },
      );
      expect(result).toMatchObject({
        status: 'FAILED',
        error: 'States.QueryEvaluationError',
        cause: expect.stringContaining('Work.Catch[0].Output'),
      });
    });
  });

  it('knows the execution through $states.context', async () => {
    const { output } = await runStates(
      { Work: task({ Arguments: '{% $states.context %}' }) },
      { a: 1 },
      {
        stateMachineName: 'nightly',
      },
    );
    expect(output).toEqual({
      Execution: {
        Id: 'arn:aws:states:local:000000000000:execution:nightly:test',
        Input: { a: 1 },
        Name: 'test',
        RedriveCount: 0,
        RoleArn: expect.stringMatching(/^arn:aws:iam::/),
        StartTime: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      State: { EnteredTime: expect.stringMatching(/^\d{4}-.*Z$/), Name: 'Work', RetryCount: 0 },
      StateMachine: {
        Id: 'arn:aws:states:local:000000000000:stateMachine:nightly',
        Name: 'nightly',
      },
    });
  });
});
