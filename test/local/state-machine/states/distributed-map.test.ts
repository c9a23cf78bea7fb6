import { describe, expect, it } from 'vitest';
import { TaskError } from '#local/state-machine/errors.ts';
import type { TaskContext } from '#local/state-machine/resources.ts';
import type { ExecutionEvent } from '#local/state-machine/run.ts';
import { memoryObjects, runStates, task } from '../machine.ts';

const map = (fields: Record<string, unknown> = {}, work: Record<string, unknown> = {}) => ({
  Each: {
    Type: 'Map',
    Label: 'Each',
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Work',
      States: { Work: task(work) },
    },
    End: true,
    ...fields,
  },
});

/** Fails for items below 0. */
const positive = async (args: unknown) => {
  const items = Array.isArray(args) ? args : ((args as { Items?: number[] }).Items ?? [args]);
  if (items.some((item: unknown) => Number(item) < 0)) throw new TaskError('Negative', 'below 0');
  return args;
};

describe('State: Map, distributed', () => {
  it('runs each item as an execution with an input and a name of its own, the same on every run', async () => {
    // Arrange
    const run = async () => {
      const names: string[] = [];
      const lambda = async (args: unknown, { executionName }: TaskContext) => {
        names.push(executionName);
        return args;
      };
      const states = map({}, { Arguments: { execution: '{% $states.context.Execution %}' } });
      return { ...(await runStates(states, ['a', 'b'], { lambda })), names: names.toSorted() };
    };
    // Act
    const [first, second] = [await run(), await run()];
    // Assess
    expect(first.output).toMatchObject([
      { execution: { Input: 'a' } },
      { execution: { Input: 'b' } },
    ]);
    expect(new Set([...first.names, 'test']).size).toBe(3);
    expect(first.names).toEqual(second.names);
  });

  it('shows Map.Item to ItemSelector but not to the children, as they would not see it on AWS', async () => {
    const selected = await runStates(
      map({
        ItemSelector: [
          '{% $states.context.Map.Item.Index %}',
          '{% $states.context.Map.Item.Value %}',
        ],
      }),
      ['a', 'b'],
    );
    expect(selected.output).toEqual([
      [0, 'a'],
      [1, 'b'],
    ]);
    const inside = await runStates(
      map({}, { Arguments: { item: '{% $states.context.Map.Item %}' } }),
      ['a'],
    );
    expect(inside).toMatchObject({
      error: 'States.ExceedToleratedFailureThreshold',
      cause: expect.stringContaining('States.QueryEvaluationError'),
    });
  });

  it('starts children without the variables around them', async () => {
    const { ItemProcessor, ...each } = map().Each;
    const states = {
      First: { Type: 'Pass', Assign: { x: 1 }, Next: 'Each' },
      Each: {
        ...each,
        ItemProcessor: {
          ...ItemProcessor,
          StartAt: 'Look',
          States: {
            Look: { Type: 'Pass', Output: '{% $exists($x) %}', Assign: { x: 2 }, Next: 'Work' },
            Work: task({ Output: ['{% $states.input %}', '{% $x %}'] }),
          },
        },
      },
    };
    expect((await runStates(states, ['a', 'b'])).output).toEqual([
      [false, 2],
      [false, 2],
    ]);
  });

  it('hands batches of items over with BatchInput', async () => {
    const result = await runStates(
      map({
        Items: '{% $states.input.list %}',
        ItemBatcher: {
          MaxItemsPerBatch: '{% $states.input.most %}',
          BatchInput: { of: '{% $states.input.of %}' },
        },
      }),
      { list: [1, 2, 3], most: 2, of: 'x' },
    );
    expect(result.output).toEqual([
      { BatchInput: { of: 'x' }, Items: [1, 2] },
      { BatchInput: { of: 'x' }, Items: [3] },
    ]);
  });

  it('leaves BatchInput out when there is none, and batches by bytes', async () => {
    const result = await runStates(map({ ItemBatcher: { MaxInputBytesPerBatch: 15 } }), [1, 2, 3]);
    expect(result.output).toEqual([{ Items: [1, 2] }, { Items: [3] }]);
  });

  describe('Tolerated failures', () => {
    const states = (fields: Record<string, unknown>) => map({ MaxConcurrency: 1, ...fields });

    it.each([
      // [fields, items, succeeds]
      [{}, [1, 2], true],
      [{}, [1, -2], false],
      [{ ToleratedFailureCount: 1 }, [1, -2, 3], true],
      [{ ToleratedFailureCount: 1 }, [-1, -2, 3], false],
      [{ ToleratedFailurePercentage: 50 }, [-1, -2, 3, 4], true],
      [{ ToleratedFailurePercentage: 50 }, [-1, -2, -3, 4], false],
      [{ ToleratedFailurePercentage: 33.3 }, [-1, 2, 3], false],
      [{ ToleratedFailurePercentage: 33.4 }, [-1, 2, 3], true],
      [{ ToleratedFailurePercentage: 100 }, [-1, -2], true],
      [{ ToleratedFailureCount: 1, ToleratedFailurePercentage: 90 }, [-1, -2, 3, 4], false],
      [{ ToleratedFailureCount: 3, ToleratedFailurePercentage: 10 }, [-1, 2, 3, 4], false],
      [{ ToleratedFailureCount: '{% $count($states.input) - 2 %}' }, [-1, 2, 3], true],
      // Batches count as many failed items as they hold.
      [{ ToleratedFailureCount: 1, ItemBatcher: { MaxItemsPerBatch: 2 } }, [-1, 2, 3, 4], false],
      [{ ToleratedFailureCount: 2, ItemBatcher: { MaxItemsPerBatch: 2 } }, [-1, 2, 3, 4], true],
    ])('with %j the items %j are good enough: %s', async (fields, items, succeeds) => {
      const result = await runStates(states(fields), items, { lambda: positive });
      expect(result).toMatchObject(
        succeeds
          ? { status: 'SUCCEEDED' }
          : { status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' },
      );
    });

    it('starts no more children beyond the threshold and says what went wrong first', async () => {
      const calls: unknown[] = [];
      const lambda = async (args: unknown) => {
        calls.push(args);
        return positive(args);
      };
      const result = await runStates(states({}), [1, -2, 3], { lambda });
      expect(calls).toEqual([1, -2]);
      expect(result.cause).toBe(
        "The specified tolerated failure threshold was exceeded: 1 of 3 items failed in the state 'Each'. " +
          'The first: Negative: below 0',
      );
    });

    it('shows a tolerated failure in the result as the execution that failed', async () => {
      const result = await runStates(states({ ToleratedFailureCount: 1 }), [1, -2, 3], {
        lambda: positive,
      });
      expect(result.output).toMatchObject([
        1,
        { Error: 'Negative', Cause: 'below 0', Input: '-2', Status: 'FAILED' },
        3,
      ]);
    });
  });

  it('retries as a whole, and children on their own', async () => {
    let calls = 0;
    const lambda = async (args: unknown) => {
      calls += 1;
      if (calls === 1) throw new TaskError('Busy');
      if (calls === 2) throw new TaskError('Broken');
      return args;
    };
    const result = await runStates(
      map(
        { Retry: [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'], MaxAttempts: 1 }] },
        { Retry: [{ ErrorEquals: ['Busy'] }] },
      ),
      ['a'],
      { lambda },
    );
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: ['a'] });
    expect(calls).toBe(3);
  });

  it('fails as States.DataLimitExceeded when the outputs together are too large for a state', async () => {
    const lambda = async () => 'x'.repeat(150_000);
    expect(await runStates(map({ Output: 1 }), [1, 2], { lambda })).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
    const { objects } = memoryObjects();
    const written = await runStates(
      map({
        ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Arguments: { Bucket: 'b' } },
      }),
      [1, 2],
      { lambda, objects },
    );
    expect(written.status).toBe('SUCCEEDED');
  });

  it('tells progress in items, and events of children to the listener only', async () => {
    // Arrange
    const events: ExecutionEvent[] = [];
    // Act
    const result = await runStates(
      map({ ItemBatcher: { MaxItemsPerBatch: 2 }, ToleratedFailureCount: 2, MaxConcurrency: 1 }),
      [1, 2, -3, 4, 5],
      { lambda: positive, onEvent: (event) => events.push(event) },
    );
    // Assess
    expect(
      events.flatMap((event) =>
        event.type === 'map-progress' ? [[event.done, event.failed, event.total]] : [],
      ),
    ).toEqual([
      [0, 0, 5],
      [2, 0, 5],
      [2, 2, 5],
      [3, 2, 5],
    ]);
    expect(
      events.filter((event) => event.state === 'Work').map((event) => [event.path, event.type]),
    ).toEqual([
      ['Each[0].Work', 'state-entered'],
      ['Each[0].Work', 'state-exited'],
      ['Each[1].Work', 'state-entered'],
      ['Each[1].Work', 'state-failed'],
      ['Each[2].Work', 'state-entered'],
      ['Each[2].Work', 'state-exited'],
    ]);
    expect(new Set(result.history.map((event) => event.state))).toEqual(new Set(['Each']));
  });
});
