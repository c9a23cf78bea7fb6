import { describe, expect, it } from 'vitest';
import { ExpressionEvaluator, expressionSource } from '#local/state-machine/expression.ts';
import type { Json } from '#local/state-machine/payload.ts';

const evaluate = (template: Json, bindings: Record<string, Json> = {}) =>
  new ExpressionEvaluator(Math.random).evaluate(template, bindings, 'States.Work.Output');

describe('Function: expressionSource', () => {
  it('tells expressions from other texts', () => {
    expect(expressionSource('{% 1 %}')).toBe('1');
    expect(expressionSource('{%1%}')).toBe('1');
    expect(expressionSource('{%}')).toBeUndefined();
    expect(expressionSource('{% 1')).toBeUndefined();
    expect(expressionSource('1')).toBeUndefined();
  });
});

describe('Method: ExpressionEvaluator.evaluate', () => {
  it('replaces the expressions of a template at any depth and nothing else', async () => {
    // Arrange
    const template = {
      same: ['text', 1, null, true, '$x'],
      deep: [{ sum: '{% $x + $states.input.y %}' }],
    };
    // Act
    const value = await evaluate(template, { x: 1, states: { input: { y: 2 } } });
    // Assess
    expect(value).toEqual({ same: ['text', 1, null, true, '$x'], deep: [{ sum: 3 }] });
  });

  it('gives plain JSON that shares nothing with its bindings', async () => {
    const bindings = { list: [{ a: 1 }, { a: 2 }] };
    const value = await evaluate('{% $list %}', bindings);
    expect(value).toEqual(bindings.list);
    expect(value).not.toBe(bindings.list);
    expect(await evaluate('{% $list.a %}', bindings)).toStrictEqual([1, 2]);
  });

  it('takes one expression with different bindings at the same time', async () => {
    const evaluator = new ExpressionEvaluator(Math.random);
    const values = await Promise.all(
      [1, 2, 3].map((x) =>
        evaluator.evaluate('{% $map([1, 2], function($i) { $i * $x }) %}', { x }, ''),
      ),
    );
    expect(values).toEqual([
      [1, 2],
      [2, 4],
      [3, 6],
    ]);
  });

  it.each([
    ['a type error', '{% "a" + 1 %}', 'failed: '],
    ['no value', '{% $states.input.missing %}', 'returned nothing (undefined)'],
    ['the context, which Step Functions does not have', '{% $ %}', 'returned nothing (undefined)'],
    ['a function', '{% $sum %}', 'returned a function'],
    ['a lambda inside of an object', '{% {"f": function($x) { $x }} %}', 'returned a function'],
    ['an error of its own', '{% $error("no") %}', 'failed: '],
  ])('reports %s', async (_name, template, problem) => {
    await expect(evaluate({ a: [template] }, { states: { input: {} } })).rejects.toMatchObject({
      error: 'States.QueryEvaluationError',
      causeText: expect.stringMatching(
        /^The JSONata expression '.+' specified for the field 'States.Work.Output.a\[0\]' /,
      ),
      message: expect.stringContaining(problem),
    });
  });
});
