import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskError } from '#local/state-machine/errors.ts';
import type { Json } from '#local/state-machine/payload.ts';
import { renderFiles } from '#local/state-machine/result-writer.ts';
import { memoryObjects, runStates, task } from './machine.ts';

describe('Function: renderFiles', () => {
  it('loses and moves nothing, in either format', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue() as fc.Arbitrary<Json>),
        fc.integer({ min: 1, max: 60 }),
        (results, size) => {
          const expected = JSON.parse(JSON.stringify(results));
          const arrays = renderFiles(results, 'JSON', size);
          const lines = renderFiles(results, 'JSONL', size);
          expect(arrays.flatMap((text) => JSON.parse(text))).toEqual(expected);
          expect(
            lines.flatMap((text) =>
              text
                .trimEnd()
                .split('\n')
                .map((line) => JSON.parse(line)),
            ),
          ).toEqual(expected);
        },
      ),
    );
  });

  it('makes no file of nothing', () => {
    expect(renderFiles([], 'JSON')).toEqual([]);
  });
});

describe('Field: ResultWriter', () => {
  const run = async (
    writer: Record<string, unknown>,
    items: readonly unknown[],
    fields: Record<string, unknown> = {},
  ) => {
    const { objects, read, keys } = memoryObjects();
    const lambda = async (args: unknown) => {
      if (args === 'bad') throw new TaskError('Bad', 'no good');
      return args;
    };
    const result = await runStates(
      {
        Each: {
          Type: 'Map',
          Label: 'Each',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'Work',
            States: { Work: task() },
          },
          MaxConcurrency: 1,
          ResultWriter: writer,
          End: true,
          ...fields,
        },
      },
      items,
      { objects, lambda, stateMachineName: 'nightly' },
    );
    return { result, read, keys: keys() };
  };
  const toS3 = (WriterConfig?: Record<string, unknown>, Prefix = 'results') => ({
    Resource: 'arn:aws:states:::s3:putObject',
    Arguments: { Bucket: 'b', Prefix },
    ...(WriterConfig && { WriterConfig }),
  });

  it('writes a manifest and the results by status, and gives the place of the manifest', async () => {
    // Act
    const { result, read, keys } = await run(toS3(), ['a', 'bad', { c: 1 }], {
      ToleratedFailureCount: 1,
    });
    // Assess
    const { MapRunArn, ResultWriterDetails } = result.output as {
      MapRunArn: string;
      ResultWriterDetails: { Bucket: string; Key: string };
    };
    const id = MapRunArn.split(':').at(-1);
    expect(MapRunArn).toBe(`arn:aws:states:local:000000000000:mapRun:nightly/Each:${id}`);
    expect(ResultWriterDetails).toEqual({ Bucket: 'b', Key: `results/${id}/manifest.json` });
    expect(keys).toEqual(
      ['FAILED_0.json', 'SUCCEEDED_0.json', 'manifest.json'].map(
        (name) => `b/results/${id}/${name}`,
      ),
    );
    const size = (name: string) => Buffer.byteLength(read(`b/results/${id}/${name}`));
    expect(JSON.parse(read(`b/results/${id}/manifest.json`))).toEqual({
      DestinationBucket: 'b',
      MapRunArn,
      ResultFiles: {
        FAILED: [{ Key: `results/${id}/FAILED_0.json`, Size: size('FAILED_0.json') }],
        PENDING: [],
        SUCCEEDED: [{ Key: `results/${id}/SUCCEEDED_0.json`, Size: size('SUCCEEDED_0.json') }],
      },
    });
    const executionArn =
      /^arn:aws:states:local:000000000000:execution:nightly\/Each:[0-9a-f-]{36}$/;
    expect(JSON.parse(read(`b/results/${id}/SUCCEEDED_0.json`))).toMatchObject([
      {
        Input: '"a"',
        Output: '"a"',
        Status: 'SUCCEEDED',
        ExecutionArn: expect.stringMatching(executionArn),
      },
      { Input: '{"c":1}', Output: '{"c":1}', Status: 'SUCCEEDED' },
    ]);
    expect(JSON.parse(read(`b/results/${id}/FAILED_0.json`))).toMatchObject([
      { Input: '"bad"', Error: 'Bad', Cause: 'no good', Status: 'FAILED' },
    ]);
  });

  it.each([
    [{ Transformation: 'COMPACT' }, 'SUCCEEDED_0.json', '[[1,2],3]'],
    [{ Transformation: 'COMPACT', OutputType: 'JSONL' }, 'SUCCEEDED_0.jsonl', '[1,2]\n3\n'],
    [{ Transformation: 'FLATTEN' }, 'SUCCEEDED_0.json', '[1,2,3]'],
    [{ Transformation: 'FLATTEN', OutputType: 'JSONL' }, 'SUCCEEDED_0.jsonl', '1\n2\n3\n'],
  ])('with %j writes %s', async (config, name, text) => {
    const { read, keys } = await run(toS3(config, ''), [[1, 2], 3]);
    const key = keys.find((it) => it.includes('SUCCEEDED'))!;
    expect(key).toMatch(new RegExp(`^b/[0-9a-f-]{36}/${name}$`));
    expect(read(key)).toBe(text);
  });

  it('writes the same keys when the same execution runs again', async () => {
    const [first, second] = [await run(toS3(), ['a']), await run(toS3(), ['a'])];
    expect(first.keys).toEqual(second.keys);
  });

  it('writes what is known when too many items fail', async () => {
    const { result, read, keys } = await run(toS3({ Transformation: 'COMPACT' }), [
      'a',
      'bad',
      'never',
    ]);
    expect(result.error).toBe('States.ExceedToleratedFailureThreshold');
    const text = (name: string) => JSON.parse(read(keys.find((key) => key.includes(name))!));
    expect(text('SUCCEEDED_0')).toEqual(['a']);
    expect(text('FAILED_0')).toMatchObject([{ Error: 'Bad' }]);
    expect(text('PENDING_0')).toEqual([
      { Input: '"never"', InputDetails: { Included: true }, Status: 'PENDING' },
    ]);
  });

  it('formats the result of the state when it has no place to write to', async () => {
    const preview = (Transformation: string) => run({ WriterConfig: { Transformation } }, [[1], 2]);
    expect((await preview('FLATTEN')).result.output).toEqual([1, 2]);
    expect((await preview('COMPACT')).result.output).toEqual([[1], 2]);
    expect((await preview('NONE')).result.output).toMatchObject([
      { Output: '[1]' },
      { Output: '2' },
    ]);
    expect((await preview('NONE')).keys).toEqual([]);
  });

  it('fails as States.ResultWriterFailed, which can be caught', async () => {
    const wrong = await run({ ...toS3(), Arguments: { Bucket: 'b', Folder: 'x' } }, ['a']);
    expect(wrong.result).toMatchObject({
      error: 'States.ResultWriterFailed',
      cause: expect.stringContaining('Folder'),
    });
    const { objects } = memoryObjects();
    const result = await runStates(
      {
        Each: {
          Type: 'Map',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'Work',
            States: { Work: task() },
          },
          ResultWriter: toS3(),
          Catch: [{ ErrorEquals: ['States.ResultWriterFailed'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', Output: '{% $states.input.Cause %}', End: true },
      },
      ['a'],
      {
        objects: {
          ...objects,
          put: async () => {
            throw new Error('disk full');
          },
        },
      },
    );
    expect(result.output).toMatch(/s3:\/\/b\/results\/.*SUCCEEDED_0\.json: disk full/);
  });
});
