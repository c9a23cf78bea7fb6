import { describe, expect, it } from 'vitest';
import { runStates } from '../machine.ts';

describe('State: Pass', () => {
  it('hands its input on, or what Output makes of it', async () => {
    expect((await runStates({ Pass: { Type: 'Pass', End: true } }, { a: 1 })).output).toEqual({
      a: 1,
    });
    expect((await runStates({ Pass: { Type: 'Pass', Output: [1], End: true } })).output).toEqual([
      1,
    ]);
  });

  it('evaluates Assign and Output with the variables as they were', async () => {
    const result = await runStates({
      First: { Type: 'Pass', Assign: { x: 1, y: 2 }, Next: 'Swap' },
      Swap: {
        Type: 'Pass',
        Assign: { x: '{% $y %}', y: '{% $x %}' },
        Output: ['{% $x %}', '{% $y %}'],
        Next: 'Last',
      },
      Last: { Type: 'Pass', Output: ['{% $states.input %}', ['{% $x %}', '{% $y %}']], End: true },
    });
    expect(result.output).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  it('assigns nothing when Output fails', async () => {
    const result = await runStates({
      Both: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }],
        Assign: { x: 1 },
        Output: '{% $states.result.missing %}',
        Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $exists($x) %}', Next: 'Caught' }],
        End: true,
      },
      Caught: { Type: 'Succeed' },
    });
    expect(result.output).toBe(false);
  });
});

describe('State: Succeed', () => {
  it('ends the machine although states follow, with its Output', async () => {
    const result = await runStates(
      {
        Choice: {
          Type: 'Choice',
          Choices: [{ Condition: '{% $states.input = 1 %}', Next: 'Done' }],
          Default: 'Other',
        },
        Done: { Type: 'Succeed', Output: { done: '{% $states.input %}' } },
        Other: { Type: 'Fail' },
      },
      1,
    );
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { done: 1 } });
  });
});

describe('State: Fail', () => {
  const fail = (fields: Record<string, unknown>, input: unknown = {}) =>
    runStates({ Fail: { Type: 'Fail', ...fields } }, input);

  it('fails with Error and Cause, which may be expressions', async () => {
    const { history: _history, ...result } = await fail(
      { Error: 'Bad', Cause: '{% "because of " & $states.input.what %}' },
      { what: 'rain' },
    );
    expect(result).toEqual({ status: 'FAILED', error: 'Bad', cause: 'because of rain' });
  });

  it('may name nothing', async () => {
    const { history: _history, ...result } = await fail({});
    expect(result).toEqual({ status: 'FAILED' });
  });

  it('needs a text', async () => {
    expect(await fail({ Error: '{% 1 %}' })).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: "The field 'Fail.Error' must give a string, not 1.",
    });
  });
});

describe('State: Wait', () => {
  const waitFor = async (fields: Record<string, unknown>, input: unknown = {}) => {
    const waits: number[] = [];
    const result = await runStates({ Wait: { Type: 'Wait', End: true, ...fields } }, input, {
      sleep: async (ms) => {
        waits.push(ms);
      },
    });
    return { ...result, waits };
  };

  it('waits for Seconds, a number or an expression', async () => {
    expect(await waitFor({ Seconds: 3 }, 'in')).toMatchObject({ waits: [3000], output: 'in' });
    expect(await waitFor({ Seconds: '{% $states.input.s * 2 %}' }, { s: 2 })).toMatchObject({
      waits: [4000],
    });
  });

  it('waits until Timestamp, and not at all for a past one', async () => {
    const start = Date.now();
    const later = new Date(start + 60_000).toISOString();
    const { waits } = await waitFor({ Timestamp: '{% $states.input %}' }, later);
    expect(waits[0]).toBeGreaterThan(0);
    expect(waits[0]).toBeLessThanOrEqual(60_000);
    expect(await waitFor({ Timestamp: '2001-01-01T00:00:00+01:00' })).toMatchObject({ waits: [0] });
  });

  it.each([
    [{ Seconds: '{% -1 %}' }, 'Wait.Seconds'],
    [{ Seconds: '{% 1.5 %}' }, 'Wait.Seconds'],
    [{ Timestamp: 'tomorrow' }, 'Wait.Timestamp'],
    [{ Timestamp: '2026-01-01' }, 'Wait.Timestamp'],
    [{ Timestamp: '2026-13-01T00:00:00Z' }, 'Wait.Timestamp'],
  ])('rejects %j', async (fields, field) => {
    expect(await waitFor(fields)).toMatchObject({
      waits: [],
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining(`The field '${field}' must give`),
    });
  });
});
