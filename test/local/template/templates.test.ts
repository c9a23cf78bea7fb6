import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAssembly, type Stack } from '#local/template/assembly.ts';
import { Templates } from '#local/template/templates.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const place = { account: '000000000000', region: 'us-east-1', endpoint: 'http://127.0.0.1:9' };

function stack(name: string, more: Partial<Stack>): Stack {
  const empty = { resources: {}, outputs: {}, parameters: {}, conditions: {}, mappings: {} };
  return { name, assets: new Map(), ...empty, ...more };
}

/** Resolves one value as a property of a resource beside a bucket, a queue and an SSM parameter. */
function resolved(value: unknown, more: Partial<Stack> = {}): unknown {
  const main = stack('main', {
    ...more,
    resources: {
      Data: { Type: 'AWS::S3::Bucket' },
      Jobs: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'jobs' } },
      Setting: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/a/b', Value: 'set' } },
      Thing: { Type: 'Custom::Thing', Properties: { Value: value } },
      ...more.resources,
    },
  });
  const other = stack('other', {
    outputs: {
      Out: {
        Value: { 'Fn::Join': ['-', ['a', 'b']] },
        Export: { Name: { 'Fn::Sub': 'exported' } },
      },
    },
  });
  return new Templates([main, other], place).resources('Custom::Thing')[0]!.properties.Value;
}

describe('Class: Templates', () => {
  it.each([
    ['pseudo parameters', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['the name of a bucket', { Ref: 'Data' }, 'main-data'],
    ['the URL of a queue', { Ref: 'Jobs' }, 'http://127.0.0.1:9/000000000000/jobs'],
    ['an attribute', { 'Fn::GetAtt': ['Jobs', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:jobs'],
    ['an attribute as text', { 'Fn::GetAtt': 'Data.Arn' }, 'arn:aws:s3:::main-data'],
    ['Join', { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':x']] }, 'arn:aws:x'],
    [
      'Sub',
      { 'Fn::Sub': `\${Data} \${Jobs.QueueName} \${!Literal}` },
      `main-data jobs \${Literal}`,
    ],
    [
      'Sub with variables',
      { 'Fn::Sub': [`\${a}\${AWS::Region}`, { a: { Ref: 'Data' } }] },
      'main-dataus-east-1',
    ],
    ['Select and Split', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['an exported value', { 'Fn::ImportValue': 'exported' }, 'a-b'],
    [
      'another stack’s output',
      { 'Fn::GetStackOutput': { StackName: 'other', OutputName: 'Out' } },
      'a-b',
    ],
    ['Base64', { 'Fn::Base64': 'text' }, 'dGV4dA=='],
    ['JSON', { 'Fn::ToJsonString': { a: { Ref: 'Data' } } }, '{"a":"main-data"}'],
    ['the value of an SSM parameter', { 'Fn::GetAtt': ['Setting', 'Value'] }, 'set'],
    ['a dynamic reference', { 'Fn::Join': ['', ['{{resolve:ssm:', '/a/b', ':1}}!']] }, 'set!'],
    [
      'nested lists and objects',
      [{ deep: [{ Ref: 'Data' }, 1, null, true] }],
      [{ deep: ['main-data', 1, null, true] }],
    ],
    [
      'a policy’s condition block',
      { Condition: { Bool: { a: 'b' } } },
      { Condition: { Bool: { a: 'b' } } },
    ],
  ])('resolves %s', (_case, value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it('decides conditions and leaves out what they take away', () => {
    // Arrange
    const more = {
      parameters: { Stage: { Type: 'String', Default: 'prod' } },
      conditions: {
        Prod: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
        Not: { 'Fn::Not': [{ Condition: 'Prod' }] },
        Both: {
          'Fn::And': [
            { Condition: 'Prod' },
            { 'Fn::Or': [{ Condition: 'Not' }, { Condition: 'Prod' }] },
          ],
        },
      },
      resources: { Gone: { Type: 'AWS::S3::Bucket', Condition: 'Not' } },
    };
    const value = {
      yes: { 'Fn::If': ['Both', 'yes', 'no'] },
      gone: { 'Fn::If': ['Not', 'there', { Ref: 'AWS::NoValue' }] },
      list: [1, { Ref: 'AWS::NoValue' }, 2],
    };

    // Act
    const result = resolved(value, more);
    const buckets = new Templates([stack('s', more)], place).resources('AWS::S3::Bucket');

    // Assess
    expect(result).toEqual({ yes: 'yes', list: [1, 2] });
    expect(buckets).toEqual([]);
  });

  it('takes parameters from the caller, their default, or an SSM parameter', () => {
    // Arrange
    const main = stack('main', {
      parameters: {
        Given: { Type: 'String', Default: 'default' },
        Default: { Type: 'String', Default: 'default' },
        Stored: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/x' },
      },
      resources: {
        X: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/x', Value: 'stored' } },
        Thing: {
          Type: 'Custom::Thing',
          Properties: { Value: [{ Ref: 'Given' }, { Ref: 'Default' }, { Ref: 'Stored' }] },
        },
      },
    });

    // Act
    const [thing] = new Templates([main], place, { Given: 'given' }).resources('Custom::Thing');

    // Assess
    expect(thing!.properties.Value).toEqual(['given', 'default', 'stored']);
  });

  it.each([
    [
      'an unknown intrinsic',
      { deep: [{ 'Fn::Transform': {} }] },
      'main.Thing.Value.deep[0]: The intrinsic function Fn::Transform is not supported.',
    ],
    ['an unknown reference', { Ref: 'Nothing' }, 'main.Thing.Value: Ref to unknown "Nothing".'],
    [
      'an unknown resource',
      { 'Fn::GetAtt': ['Nothing', 'Arn'] },
      'Fn::GetAtt of unknown resource "Nothing".',
    ],
    [
      'an unknown attribute',
      { 'Fn::GetAtt': ['Data', 'Colour'] },
      'AWS::S3::Bucket has no attribute "Colour" that is known here.',
    ],
    ['an unknown export', { 'Fn::ImportValue': 'nothing' }, 'No stack exports "nothing".'],
    [
      'an unknown stack',
      { 'Fn::GetStackOutput': { StackName: 'x', OutputName: 'y' } },
      'There is no stack "x"',
    ],
    [
      'an unknown dynamic reference',
      '{{resolve:secretsmanager:a}}',
      'The dynamic reference to secretsmanager is not supported.',
    ],
    ['an index that is too large', { 'Fn::Select': [3, ['a']] }, 'Fn::Select has no entry 3.'],
    ['a list that is none', { 'Fn::Join': ['', 'text'] }, 'Expected a list, found "text".'],
  ])('names %s and where it stands', (_case, value, message) => {
    expect(() => resolved(value)).toThrow(message);
  });

  it('recognises values that depend on themselves', () => {
    // Arrange
    const name = (other: string) => ({
      Type: 'AWS::S3::Bucket',
      Properties: { BucketName: { 'Fn::GetAtt': [other, 'Arn'] } },
    });
    const templates = new Templates(
      [stack('s', { resources: { A: name('B'), B: name('A') } })],
      place,
    );

    // Assess
    expect(() => templates.resources('AWS::S3::Bucket')).toThrow('A value depends on itself.');
  });

  it('gives every bucket a valid name that stays the same', () => {
    // Arrange
    const long = 'AVeryLongLogicalIdThatGoesOnAndOnAndOnUntilItIsTooLongForABucketName';
    const resources = {
      [long]: { Type: 'AWS::S3::Bucket' },
      [`${long}2`]: { Type: 'AWS::S3::Bucket' },
    };

    // Act
    const names = () =>
      new Templates([stack('S', { resources })], place)
        .resources('AWS::S3::Bucket')
        .map((b) => b.name);

    // Assess
    expect(names()).toEqual(names());
    expect(new Set(names()).size).toBe(2);
    for (const name of names()) expect(name).toMatch(/^[a-z0-9-]{3,63}$/);
  });
});

describe('Function: readAssembly', () => {
  function assembly(files: Record<string, unknown>): string {
    const folder = temporaryFolder('assembly');
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(folder, name), JSON.stringify(content));
    }
    return folder;
  }

  it('reads stacks with their own names, and assets', () => {
    // Arrange
    const folder = assembly({
      'manifest.json': {
        artifacts: {
          Id: {
            type: 'aws:cloudformation:stack',
            properties: { templateFile: 't.json', stackName: 'named' },
          },
          'Id.assets': { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
          Tree: { type: 'cdk:tree' },
        },
      },
      't.json': { Resources: { A: { Type: 'X::Y::Z' } }, Parameters: { P: { Type: 'String' } } },
      'assets.json': {
        files: { h: { source: { path: 'asset.h' }, destinations: { d: { objectKey: 'h.zip' } } } },
      },
    });

    // Act
    const [read] = readAssembly(folder);

    // Assess
    expect(read).toMatchObject({ name: 'named', resources: { A: { Type: 'X::Y::Z' } } });
    expect(read!.assets.get('h.zip')).toBe(join(folder, 'asset.h'));
    expect(() => new Templates([read!], place).asset('named', 'other.zip')).toThrow('other.zip');
  });

  it('says what is missing or malformed', () => {
    expect(() => readAssembly(assembly({}))).toThrow('There is no manifest.json');
    expect(() => readAssembly(assembly({ 'manifest.json': { artifacts: 3 } }))).toThrow(
      'manifest.json',
    );
  });
});
