import { describe, expect, it } from 'vitest';
import type { StateMachineDefinition } from '#local/state-machine/definition-schema.ts';
import { expressionProblems } from '#local/state-machine/expression-check.ts';
import { machine, task } from './machine.ts';

const problems = (states: Record<string, unknown>) =>
  expressionProblems(machine(states) as unknown as StateMachineDefinition);
const output = (template: unknown) =>
  problems({ Work: { Type: 'Pass', Assign: { known: 1 }, Output: template, End: true } });

describe('Function: expressionProblems', () => {
  it.each([
    '{% $states.input.x + $known %}',
    '{% ($local := 1; $local + $known) %}',
    '{% $map($states.input.items, function($item, $index) { $item.price * $index }) %}',
    '{% $states.input.items[$.price > 1] %}',
    '{% $states.input.orders@$order.items@$item[$item.id = $order.id]#$place.{"at": $place} %}',
    '{% $sum($states.input.items.price) ~> $string() %}',
    '{% $partition($range(0, 9, 1), 2) %}',
    '{% $hash($uuid() & $string($random(7)), "MD5") & $parse("1") %}',
    '{% $exists($known) ? $known : 0 %}',
    'no expression: $unknown',
  ])('finds nothing wrong with %s', (text) => {
    expect(output(text)).toEqual([]);
  });

  it('names the place of a syntax error', () => {
    expect(output({ list: ['fine', '{% 1 + %}'] })).toEqual([
      expect.stringMatching(
        /^States\.Work\.Output\.list\[1\]: the JSONata is wrong at character \d+: /,
      ),
    ]);
  });

  it('names a variable that nothing assigns, and a function that does not exist', () => {
    expect(output('{% $unknown + $median([1]) %}')).toEqual([
      'States.Work.Output: there is no function $unknown and no state assigns a variable of that name',
      'States.Work.Output: there is no function $median and no state assigns a variable of that name',
    ]);
  });

  it('knows that Step Functions has no $eval', () => {
    expect(output('{% $eval("1") %}')).toEqual([expect.stringContaining('use $parse')]);
  });

  it.each([' {% 1 %}', '{% 1 %} ', '{% 1', '1 %}'])('rejects the open expression "%s"', (text) => {
    expect(output(text)).toEqual([
      expect.stringContaining('must begin with "{%" and end with "%}"'),
    ]);
  });

  it('knows where $states.result and $states.errorOutput exist', () => {
    // Arrange
    const states = {
      Work: task({
        Arguments: { result: '{% $states.result %}' },
        Output: '{% [$states.result, $states.errorOutput] %}',
        Catch: [
          {
            ErrorEquals: ['States.ALL'],
            Output: '{% $states.errorOutput.Cause %}',
            Assign: { result: '{% $states.result %}' },
            Next: 'Fine',
          },
        ],
      }),
      Fine: { Type: 'Pass', Output: '{% $states.results %}', End: true },
    };
    // Act, Assess
    expect(problems(states)).toEqual([
      'States.Work.Output: $states.errorOutput does not exist here; input, context, result do',
      'States.Work.Arguments.result: $states.result does not exist here; input, context do',
      'States.Work.Catch[0].Assign.result: $states.result does not exist here; input, context, errorOutput do',
      'States.Fine.Output: $states.results does not exist here; input, context do',
    ]);
  });

  const inner = (mode: string, state: Record<string, unknown>) => ({
    First: { Type: 'Pass', Assign: { outer: 1 }, Next: 'Each' },
    Each: {
      Type: 'Map',
      ItemProcessor: {
        ProcessorConfig: { Mode: mode, ExecutionType: 'STANDARD' },
        StartAt: 'Inner',
        States: { Inner: { Type: 'Pass', End: true, ...state } },
      },
      ItemSelector: '{% $outer %}',
      End: true,
    },
  });

  it('lets an inline iteration read the variables around it', () => {
    expect(problems(inner('INLINE', { Output: '{% $outer %}' }))).toEqual([]);
  });

  it('forbids a child of a distributed map to read them, and names the way', () => {
    expect(problems(inner('DISTRIBUTED', { Output: '{% $outer %}' }))).toEqual([
      'States.Each.ItemProcessor.States.Inner.Output: children of a distributed Map state do not see $outer ' +
        '(States.First.Assign.outer); pass it with ItemSelector or BatchInput',
    ]);
  });

  it('forbids an inner scope the names of the outer one, unless it does not see it', () => {
    expect(problems(inner('INLINE', { Assign: { outer: 2 } }))).toEqual([
      'States.Each.ItemProcessor.States.Inner.Assign.outer: $outer is a variable of an outer scope ' +
        '(States.First.Assign.outer); choose another name',
    ]);
    expect(problems(inner('DISTRIBUTED', { Assign: { outer: 2 } }))).toEqual([]);
  });

  it('hides inner variables from the outer scope', () => {
    const states = {
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'In', States: { In: { Type: 'Pass', Assign: { inside: 1 }, End: true } } },
        ],
        Output: '{% $inside %}',
        End: true,
      },
    };
    expect(problems(states)).toEqual([
      expect.stringContaining('States.Both.Output: there is no function $inside'),
    ]);
  });

  it.each([
    ['states', 'reserved'],
    ['two words', 'identifier'],
    ['x.y', 'identifier'],
    ['n'.repeat(81), 'at most 80'],
  ])('rejects the variable name %s', (name, reason) => {
    expect(problems({ Work: { Type: 'Pass', Assign: { [name]: 1 }, End: true } })).toEqual([
      expect.stringContaining(reason),
    ]);
  });
});
