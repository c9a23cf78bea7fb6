import { describe, expect, it } from 'vitest';
import { TaskError } from '#local/state-machine/errors.ts';
import type { ExecutionEvent } from '#local/state-machine/run.ts';
import { runStates, task } from '../machine.ts';

/** A Map state whose iterations run one Task state. */
const map = (fields: Record<string, unknown> = {}, work: Record<string, unknown> = {}) => ({
  Each: {
    Type: 'Map',
    ItemProcessor: { StartAt: 'Work', States: { Work: task(work) } },
    End: true,
    ...fields,
  },
});

describe('State: Map, inline', () => {
  it('takes the items of its input, or Items with expressions in it', async () => {
    expect((await runStates(map(), [1, 2])).output).toEqual([1, 2]);
    expect(
      (await runStates(map({ Items: [1, '{% $states.input.two %}', [3]] }), { two: 2 })).output,
    ).toEqual([1, 2, [3]]);
    expect(
      (await runStates(map({ Items: '{% $states.input.list %}' }), { list: [] })).output,
    ).toEqual([]);
  });

  it('fails when there is no array', async () => {
    expect(await runStates(map({ Items: '{% $states.input %}' }), { a: 1 })).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: 'The field \'Each.Items\' must give an array, not {"a":1}.',
    });
  });

  it('shapes items with ItemSelector and shows them in the context', async () => {
    const item = '{% $states.context.Map.Item %}';
    const result = await runStates(
      map(
        { Items: '{% $states.input.list %}', ItemSelector: { item, of: '{% $states.input.of %}' } },
        { Arguments: { selected: '{% $states.input %}', inside: item } },
      ),
      { list: ['a', 'b'], of: 'x' },
    );
    expect(result.output).toEqual([
      { selected: { item: { Index: 0, Value: 'a' }, of: 'x' }, inside: { Index: 0, Value: 'a' } },
      { selected: { item: { Index: 1, Value: 'b' }, of: 'x' }, inside: { Index: 1, Value: 'b' } },
    ]);
  });

  it.each([
    [{ MaxConcurrency: 2 }, 2],
    [{ MaxConcurrency: '{% 1 + 2 %}' }, 3],
    [{}, 40],
    [{ MaxConcurrency: 0 }, 40],
    [{ MaxConcurrency: 100 }, 40],
  ])('with %j runs at most %s at a time', async (fields, expected) => {
    // Arrange
    let running = 0;
    let most = 0;
    const lambda = async (args: unknown) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return args;
    };
    const items = Array.from({ length: 100 }, (_, index) => index);
    // Act
    const result = await runStates(map(fields), items, { lambda });
    // Assess
    expect(result.output).toEqual(items);
    expect(most).toBe(expected);
  });

  it('fails with the error of the first iteration that fails, and starts no more', async () => {
    const calls: unknown[] = [];
    const lambda = async (args: unknown) => {
      calls.push(args);
      if (args === 2) throw new TaskError('Broken', 'at 2');
      return args;
    };
    expect(await runStates(map({ MaxConcurrency: 1 }), [1, 2, 3], { lambda })).toMatchObject({
      status: 'FAILED',
      error: 'Broken',
      cause: 'at 2',
    });
    expect(calls).toEqual([1, 2]);
  });

  it('gives each iteration variables of its own', async () => {
    const result = await runStates(
      {
        First: { Type: 'Pass', Assign: { outer: 10 }, Next: 'Each' },
        Each: {
          Type: 'Map',
          ItemProcessor: {
            StartAt: 'Set',
            States: {
              Set: { Type: 'Pass', Assign: { mine: '{% $states.input %}' }, Next: 'Work' },
              Work: task({ Output: '{% $outer + $mine %}' }),
            },
          },
          End: true,
        },
      },
      [1, 2, 3],
    );
    expect(result.output).toEqual([11, 12, 13]);
  });

  it('tells its progress', async () => {
    const events: ExecutionEvent[] = [];
    await runStates(map({ MaxConcurrency: 1 }), ['a', 'b'], {
      onEvent: (event) => events.push(event),
    });
    expect(
      events.flatMap((event) =>
        event.type === 'map-progress' ? [[event.done, event.failed, event.total]] : [],
      ),
    ).toEqual([
      [0, 0, 2],
      [1, 0, 2],
      [2, 0, 2],
    ]);
    expect(events.filter((event) => event.state === 'Work').map((event) => event.path)).toEqual([
      'Each[0].Work',
      'Each[0].Work',
      'Each[1].Work',
      'Each[1].Work',
    ]);
  });
});
