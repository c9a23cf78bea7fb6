import { describe, expect, it } from 'vitest';
import { loadDefinition } from '#local/state-machine/definition.ts';
import { DefinitionError } from '#local/state-machine/errors.ts';
import { LAMBDA, machine, task } from './machine.ts';

const RESOURCES = new Set([LAMBDA]);
const SYNC = 'arn:aws:states:::sagemaker:createTrainingJob.sync';

/** What is wrong with a definition; asl-validator is left out unless asked for. */
function problems(definition: unknown, resources = RESOURCES, withAslValidator = false) {
  try {
    loadDefinition(definition, resources, withAslValidator ? undefined : () => []);
    return [];
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return error.problems;
  }
}

const one = (state: Record<string, unknown>) => machine({ Work: state });
const map = (fields: Record<string, unknown>, processor: Record<string, unknown> = {}) =>
  one({
    Type: 'Map',
    ItemProcessor: { StartAt: 'Inner', States: { Inner: task() }, ...processor },
    End: true,
    ...fields,
  });
const DISTRIBUTED = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };
const reader = (fields: Record<string, unknown>) =>
  map(
    {
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        Arguments: { Bucket: 'bucket', Key: 'key' },
        ...fields,
      },
    },
    DISTRIBUTED,
  );

describe('Function: loadDefinition', () => {
  it('accepts every state type and leaves the definition as it was', () => {
    // Arrange
    const definition = {
      ...machine({
        Pass: { Type: 'Pass', Comment: 'first', Assign: { x: 1 }, Next: 'Choice' },
        Choice: {
          Type: 'Choice',
          Choices: [{ Condition: '{% $x > 1 %}', Assign: { y: 1 }, Next: 'Wait' }],
          Default: 'Parallel',
        },
        Wait: { Type: 'Wait', Seconds: '{% $x %}', Next: 'Parallel' },
        Parallel: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'A', States: { A: task({ TimeoutSeconds: '{% $x %}' }) } },
            { StartAt: 'B', States: { B: { Type: 'Succeed' } } },
          ],
          Retry: [
            {
              ErrorEquals: ['Busy'],
              IntervalSeconds: 1,
              MaxDelaySeconds: 5,
              JitterStrategy: 'FULL',
            },
            { ErrorEquals: ['States.ALL'] },
          ],
          Catch: [
            { ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: 'Fail' },
          ],
          Next: 'Map',
        },
        Map: {
          Type: 'Map',
          Label: 'Map',
          ItemReader: {
            Resource: 'arn:aws:states:::s3:listObjectsV2',
            Arguments: { Bucket: 'bucket' },
            ReaderConfig: { MaxItems: 10 },
          },
          ItemSelector: { key: '{% $states.context.Map.Item.Value.Key %}' },
          ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { run: '{% $x %}' } },
          ItemProcessor: { ...DISTRIBUTED, StartAt: 'C', States: { C: task() } },
          ResultWriter: {
            Resource: 'arn:aws:states:::s3:putObject',
            Arguments: { Bucket: 'bucket', Prefix: 'results' },
            WriterConfig: { OutputType: 'JSONL', Transformation: 'FLATTEN' },
          },
          MaxConcurrency: 3,
          ToleratedFailurePercentage: 12.5,
          Next: 'Succeed',
        },
        Succeed: { Type: 'Succeed', Output: { done: true } },
        Fail: { Type: 'Fail', Error: 'Bad', Cause: '{% $string($states.input) %}' },
      }),
      Version: '1.0',
      TimeoutSeconds: 60,
    };
    const before = structuredClone(definition);
    // Act
    const found = problems(definition, RESOURCES, true);
    // Assess
    expect(found).toEqual([]);
    expect(definition).toEqual(before);
  });

  it('does not mind the partition of an ARN', () => {
    expect(problems(one(task({ Resource: 'arn:aws-cn:states:::lambda:invoke' })))).toEqual([]);
    expect(problems(one(task({ Resource: 'arn:aws-iso:states:::lambda:invoke' })))).toEqual([]);
  });

  it('accepts what asl-validator alone would reject and Step Functions accepts', () => {
    // Arrange
    const definition = machine({
      First: {
        Type: 'Pass',
        Output: ['a list', '{% 1 %}'],
        Assign: {
          lines: '{% (\n  1 + 1\n) %}',
          empty: '',
          Next: 'nowhere',
          States: { Default: 'none' },
        },
        Next: 'Choice',
      },
      Choice: {
        Type: 'Choice',
        Choices: [{ Condition: true, Output: 1, Next: 'Map' }],
        Default: 'Next',
      },
      Map: {
        Type: 'Map',
        Items: [1, '{% 2 %}', { StartAt: 'here' }],
        ItemProcessor: { ...DISTRIBUTED, StartAt: 'Inner', States: { Inner: task() } },
        ResultWriter: { WriterConfig: { Transformation: 'COMPACT' } },
        Next: 'Next',
      },
      Next: { Type: 'Succeed' },
    });
    // Act, Assess
    expect(problems(definition, RESOURCES, true)).toEqual([]);
  });

  it('asks asl-validator when it finds nothing itself', () => {
    const endless = machine({
      A: { Type: 'Pass', Next: 'B' },
      B: { Type: 'Pass', Next: 'A' },
    });
    expect(problems(endless, RESOURCES, true)).toEqual([
      expect.stringMatching(/^asl-validator: MISSING_TERMINAL_STATE: /),
    ]);
  });

  it('says everything that is wrong at once, and what to do', () => {
    const definition = machine({
      A: { Type: 'Pass', Next: 'Z' },
      B: task({ Resource: SYNC }),
    });
    expect(() => loadDefinition(definition, RESOURCES)).toThrow(
      /A\.Next: .*"Z".*States\.B\.Resource: .*States\.B: no state leads to it.*Change the definition/,
    );
  });

  describe.each<[string, unknown, string | RegExp]>([
    ['a definition that is no object', 'text', 'The definition: '],
    [
      'an unknown state type',
      one({ Type: 'Teleport', End: true }),
      'States.Work.Type: this state type is not known',
    ],
    [
      'an unknown field',
      one(task({ Surprise: 1 })),
      'States.Work.Surprise: this field is not supported',
    ],
    [
      'an unknown field at the top',
      { ...one(task()), Tracing: true },
      'Tracing: this field is not supported',
    ],
    [
      'an unknown field deep inside',
      map({}, { States: { Inner: task({ Retry: [{ ErrorEquals: ['A'], Pause: 1 }] }) } }),
      'States.Work.ItemProcessor.States.Inner.Retry[0].Pause: this field is not supported',
    ],
    [
      'heartbeats',
      one(task({ HeartbeatSeconds: 5 })),
      'States.Work.HeartbeatSeconds: this field is not supported (no task sends heartbeats here; use TimeoutSeconds)',
    ],
    [
      'fields of JSONPath',
      one(task({ ResultPath: '$.x' })),
      'States.Work.ResultPath: this field is not supported (it belongs to JSONPath',
    ],
    [
      'the query language JSONPath',
      { ...one(task()), QueryLanguage: 'JSONPath' },
      'QueryLanguage: only the query language JSONata is supported',
    ],
    [
      'no query language',
      { StartAt: 'Work', States: { Work: task() } },
      'States.Work.QueryLanguage: only JSONata is supported; set "QueryLanguage": "JSONata" at the top',
    ],
    [
      'an unknown resource',
      one(task({ Resource: SYNC })),
      `States.Work.Resource: ${SYNC} is not known; known are ${LAMBDA}`,
    ],
    [
      'a transition to nowhere',
      machine({ A: { Type: 'Pass', Next: 'B' } }),
      'States.A.Next: there is no state "B" beside it',
    ],
    [
      'a start that is not there',
      { ...one(task()), StartAt: 'Gone' },
      'StartAt: there is no state "Gone" beside it',
    ],
    [
      'a transition out of a branch',
      machine({
        Both: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'In', States: { In: { Type: 'Pass', Next: 'After' } } }],
          Next: 'After',
        },
        After: { Type: 'Succeed' },
      }),
      'States.Both.Branches[0].States.In.Next: there is no state "After" beside it',
    ],
    [
      'a name used twice',
      machine({
        Both: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'After', States: { After: task() } }],
          Next: 'After',
        },
        After: { Type: 'Succeed' },
      }),
      'States.After: the name is taken by States.Both.Branches[0].States.After',
    ],
    [
      'a state that nothing leads to',
      machine({ A: task(), B: task() }),
      'States.B: no state leads to it',
    ],
    [
      'neither Next nor End',
      one({ Type: 'Pass' }),
      'States.Work: exactly one of Next and "End": true is needed',
    ],
    [
      'both Seconds and Timestamp',
      one({ Type: 'Wait', Seconds: 1, Timestamp: '2026-01-01T00:00:00Z', End: true }),
      'States.Work: exactly one of Seconds and Timestamp is needed',
    ],
    ['a number out of its range', one(task({ TimeoutSeconds: 0 })), 'States.Work.TimeoutSeconds: '],
    [
      'States.ALL beside others',
      one(task({ Retry: [{ ErrorEquals: ['States.ALL', 'A'] }] })),
      'States.Work.Retry[0].ErrorEquals: States.ALL must stand alone',
    ],
    [
      'States.ALL before others',
      one(task({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['A'] }] })),
      'States.Work.Retry: States.ALL must be in the last entry',
    ],
    [
      'a longest delay below the first',
      one(task({ Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 9, MaxDelaySeconds: 8 }] })),
      'States.Work.Retry[0]: MaxDelaySeconds must be greater than IntervalSeconds',
    ],
    [
      'tolerance of an inline map',
      map({ ToleratedFailureCount: 1 }),
      'States.Work.ToleratedFailureCount: only a Map state of mode DISTRIBUTED may have it',
    ],
    [
      'a batcher without limits',
      map({ ItemBatcher: {} }, DISTRIBUTED),
      'States.Work.ItemBatcher: MaxItemsPerBatch, MaxInputBytesPerBatch or both are needed',
    ],
    [
      'jobs in Express children',
      map(
        {},
        {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
          StartAt: 'Inner',
          States: { Inner: task({ Resource: SYNC }) },
        },
      ),
      `States.Work.ItemProcessor.States.Inner.Resource: ${SYNC} needs ExecutionType STANDARD, not EXPRESS`,
    ],
    [
      'an unknown reader',
      reader({ Resource: 'arn:aws:states:::s3:headObject' }),
      'States.Work.ItemReader.Resource: arn:aws:states:::s3:headObject is not known',
    ],
    [
      'a reader of unknown input',
      reader({ ReaderConfig: { InputType: 'PARQUET' } }),
      'States.Work.ItemReader.ReaderConfig.InputType: expected one of CSV, JSON and JSONL',
    ],
    [
      'a reader without input type',
      reader({}),
      'States.Work.ItemReader.ReaderConfig.InputType: s3:getObject needs CSV, JSON or JSONL',
    ],
    [
      'CSV without the place of its header',
      reader({ ReaderConfig: { InputType: 'CSV' } }),
      'States.Work.ItemReader.ReaderConfig.CSVHeaderLocation: CSV needs FIRST_ROW or GIVEN',
    ],
    [
      'a given header that is not given',
      reader({ ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'GIVEN' } }),
      'States.Work.ItemReader.ReaderConfig.CSVHeaders: CSVHeaderLocation GIVEN needs them',
    ],
    [
      'an option of another input type',
      reader({ ReaderConfig: { InputType: 'JSONL', ItemsPointer: '/a' } }),
      'States.Work.ItemReader.ReaderConfig.ItemsPointer: it belongs to InputType JSON',
    ],
    [
      'an option that listing does not know',
      reader({
        Resource: 'arn:aws:states:::s3:listObjectsV2',
        ReaderConfig: { InputType: 'JSON' },
      }),
      'States.Work.ItemReader.ReaderConfig.InputType: it belongs to s3:getObject',
    ],
    [
      'an unknown writer',
      map(
        { ResultWriter: { Resource: 'arn:aws:states:::s3:copyObject', Arguments: {} } },
        DISTRIBUTED,
      ),
      'States.Work.ResultWriter.Resource: arn:aws:states:::s3:copyObject is not known',
    ],
    [
      'a writer that knows no place',
      map({ ResultWriter: { Resource: 'arn:aws:states:::s3:putObject' } }, DISTRIBUTED),
      'States.Work.ResultWriter: Resource and Arguments belong together',
    ],
    [
      'an unknown transformation',
      map({ ResultWriter: { WriterConfig: { Transformation: 'ZIP' } } }, DISTRIBUTED),
      'States.Work.ResultWriter.WriterConfig.Transformation: ',
    ],
  ])('%s', (_name, definition, expected) => {
    it('is an error that names its path', () => {
      expect(
        problems(
          definition,
          new Set([...RESOURCES].concat(String(expected).includes('EXPRESS') ? SYNC : [])),
        ),
      ).toEqual(expect.arrayContaining([expect.stringContaining(String(expected))]));
    });
  });
});
