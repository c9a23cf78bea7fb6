import { describe, expect, it } from 'vitest';
import { parseItems } from '#local/state-machine/item-reader.ts';
import { memoryObjects, runStates, task } from './machine.ts';

describe('Function: parseItems', () => {
  it('reads a JSON array, or the one that ItemsPointer points at', () => {
    expect(parseItems('[1, {"a": 2}]', { InputType: 'JSON' })).toEqual([1, { a: 2 }]);
    expect(
      parseItems('{"a/b": {"~": [3]}}', { InputType: 'JSON', ItemsPointer: '/a~1b/~0' }),
    ).toEqual([3]);
    expect(parseItems('{"a": [[1], [2]]}', { InputType: 'JSON', ItemsPointer: '/a/1' })).toEqual([
      2,
    ]);
  });

  it('reads JSON lines, blank ones left out', () => {
    expect(parseItems('{"a":1}\n\n[2]\r\n"x"', { InputType: 'JSONL' })).toEqual([
      { a: 1 },
      [2],
      'x',
    ]);
  });

  it('reads CSV with quotes, a header of its own or a given one, and other delimiters', () => {
    expect(
      parseItems('id,title\n1,"a, ""b"""\r\n', {
        InputType: 'CSV',
        CSVHeaderLocation: 'FIRST_ROW',
      }),
    ).toEqual([{ id: '1', title: 'a, "b"' }]);
    expect(
      parseItems('1|2\n3|4', {
        InputType: 'CSV',
        CSVHeaderLocation: 'GIVEN',
        CSVHeaders: ['x', 'y'],
        CSVDelimiter: 'PIPE',
      }),
    ).toEqual([
      { x: '1', y: '2' },
      { x: '3', y: '4' },
    ]);
  });

  it('fills missing columns of CSV with nothing and leaves surplus ones out', () => {
    expect(
      parseItems('a,b\n1\n1,2,3', { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }),
    ).toEqual([
      { a: '1', b: '' },
      { a: '1', b: '2' },
    ]);
  });

  it.each([
    ['JSON', '{"a": 1}', 'there is no JSON array at its top'],
    ['JSONL', '{"a":1}\n{"a":', 'line 2 is not JSON'],
  ] as const)('says what is wrong with %s', (InputType, text, problem) => {
    expect(() => parseItems(text, { InputType })).toThrow(problem);
  });

  it('says where ItemsPointer found nothing', () => {
    expect(() => parseItems('{"a": 1}', { InputType: 'JSON', ItemsPointer: '/toString' })).toThrow(
      'there is no JSON array at ItemsPointer /toString',
    );
  });
});

describe('Function: readItems', () => {
  const read = (
    itemReader: Record<string, unknown>,
    contents: Record<string, string>,
    input = {},
  ) =>
    runStates(
      {
        Each: {
          Type: 'Map',
          ItemReader: itemReader,
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'Work',
            States: { Work: task() },
          },
          Catch: [{ ErrorEquals: ['States.ItemReaderFailed'], Next: 'Caught' }],
          Next: 'Done',
        },
        Done: { Type: 'Succeed' },
        Caught: {
          Type: 'Fail',
          Error: '{% $states.input.Error %}',
          Cause: '{% $states.input.Cause %}',
        },
      },
      input,
      { objects: memoryObjects(contents).objects },
    );
  const LIST = 'arn:aws:states:::s3:listObjectsV2';
  const GET = 'arn:aws-us-gov:states:::s3:getObject';

  it('lists objects as Step Functions does', async () => {
    const { output } = await read(
      { Resource: LIST, Arguments: { Bucket: 'b', Prefix: '{% $states.input.prefix %}' } },
      { 'b/in/2': 'four', 'b/in/1': '', 'b/other': '', 'c/in/3': '' },
      { prefix: 'in/' },
    );
    const common = { Etag: '"0"', LastModified: 1_700_000_000, StorageClass: 'STANDARD' };
    expect(output).toEqual([
      { ...common, Key: 'in/1', Size: 0 },
      { ...common, Key: 'in/2', Size: 4 },
    ]);
  });

  it('takes no more than MaxItems', async () => {
    const contents = { 'b/1': '', 'b/2': '', 'b/3': '', 'b/items': '{"i":1}\n{"i":2}\n{"i":3}' };
    const listed = await read(
      { Resource: LIST, Arguments: { Bucket: 'b' }, ReaderConfig: { MaxItems: 2 } },
      contents,
    );
    const got = await read(
      {
        Resource: GET,
        Arguments: { Bucket: 'b', Key: 'items' },
        ReaderConfig: { InputType: 'JSONL', MaxItems: '{% $states.input.most %}' },
      },
      contents,
      { most: 1 },
    );
    expect(listed.output).toHaveLength(2);
    expect(got.output).toEqual([{ i: 1 }]);
  });

  it('ends well without items', async () => {
    const { status, output } = await read({ Resource: LIST, Arguments: { Bucket: 'b' } }, {});
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: [] });
  });

  it('skips a byte order mark', async () => {
    const { output } = await read(
      {
        Resource: GET,
        Arguments: { Bucket: 'b', Key: 'csv' },
        ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
      },
      { 'b/csv': '\uFEFFid\n1' },
    );
    expect(output).toEqual([{ id: '1' }]);
  });

  it.each([
    ['a missing object', { Bucket: 'b', Key: 'gone' }, 's3://b/gone cannot be read: NoSuchKey'],
    ['text of another kind', { Bucket: 'b', Key: 'text' }, 's3://b/text: '],
    ['an argument that is not known', { Bucket: 'b', Key: 'text', VersionId: '1' }, 'VersionId'],
    ['a missing argument', { Bucket: 'b' }, 'Key'],
  ])('fails as States.ItemReaderFailed for %s', async (_name, args, problem) => {
    const result = await read(
      { Resource: GET, Arguments: args, ReaderConfig: { InputType: 'JSON' } },
      { 'b/text': 'no JSON' },
    );
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.ItemReaderFailed' });
    expect(result.cause).toContain("The ItemReader of the state 'Each' failed: ");
    expect(result.cause).toContain(problem);
  });
});
