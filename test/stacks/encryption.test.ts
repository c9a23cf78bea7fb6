import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { allStates, definitionOf, type State } from './definition.ts';
import { statementsOf } from './iam.ts';
import { everyOption } from './options.ts';
import { root, synthesise } from './synthesis.ts';

const parts = ['data', 'environment', 'retraining', 'serving', 'monitoring'] as const;
const door = { serving: { door: 'api-gateway' } };
const volumes = ['ml.p3.2xlarge'];
const encrypted = synthesise({ operations: everyOption });
const onVolumes = synthesise({
  // Of a CUDA that still knows these GPUs.
  context: { environmentImageUri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1' },
  operations: { customerManagedKey: true, environmentInstanceTypes: volumes },
});
const plain = synthesise({ operations: door });

const keyOf = { 'Fn::GetAtt': [expect.stringMatching(/^EncryptionKey/), 'Arn'] };
const keyElsewhere = { Ref: expect.stringMatching(/^SsmParameterValue/) };

/** What may have a key and does not, in the words of docs/deploy.md. */
const without: Readonly<Record<string, string>> = {
  'AWS::CodeBuild::Project': 'builds, which keep nothing',
  'AWS::ECR::Repository': 'images in ECR, which have no data',
  'AWS::Events::EventBus': 'the event bus',
  'AWS::Lambda::EventSourceMapping': 'filters of event sources, of which there are none',
  'AWS::Lambda::Function': 'variables and code of functions',
  'AWS::SQS::Queue': 'queues',
  'AWS::Scheduler::Schedule': 'the schedule',
  'AWS::StepFunctions::StateMachine': "the state machine's history",
};

/** The calls of SageMaker of a deployment's nights, by state. */
const calls = (synthesis: typeof plain, action: string): [string, Record<string, object>][] =>
  allStates(definitionOf(synthesis.template('retraining')).States as Record<string, State>).flatMap(
    ([name, { Resource, Arguments }]) =>
      Resource?.includes(`sagemaker:${action}`)
        ? [[name, Arguments as Record<string, object>]]
        : [],
  );

/** What of the calls names a key, by state. */
const keysOf = (synthesis: typeof plain) => ({
  ...Object.fromEntries(
    calls(synthesis, 'createTrainingJob').map(([name, { OutputDataConfig, ResourceConfig }]) => [
      name,
      [
        'KmsKeyId' in OutputDataConfig! && 'output',
        'VolumeKmsKeyId' in ResourceConfig! && 'volume',
      ].filter(Boolean),
    ]),
  ),
  ...Object.fromEntries(
    calls(synthesis, 'createEndpointConfig').map(([name, request]) => [
      name,
      'KmsKeyId' in request ? ['volume'] : [],
    ]),
  ),
});

describe('With a key of its own, a deployment', () => {
  it('encrypts every log group that it makes with it, and none without', () => {
    for (const part of parts) {
      const groups = Object.values(encrypted.template(part).findResources('AWS::Logs::LogGroup'));
      for (const { Properties } of groups) {
        expect(Properties.KmsKeyId, Properties.LogGroupName).toEqual(
          part === 'data' ? keyOf : keyElsewhere,
        );
      }
      expect(JSON.stringify(plain.template(part).findResources('AWS::Logs::LogGroup'))).not.toMatch(
        /KmsKeyId/,
      );
    }
    const count = parts.map(
      (part) => Object.keys(encrypted.template(part).findResources('AWS::Logs::LogGroup')).length,
    );
    expect(count.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(20);
  });

  it('has every function log into one of these groups', () => {
    const functions = parts.flatMap((part) =>
      Object.entries(encrypted.template(part).findResources('AWS::Lambda::Function')),
    );
    const elsewhere = functions.filter(
      ([, { Properties }]) => Properties.LoggingConfig?.LogGroup?.Ref === undefined,
    );
    expect(functions.length).toBeGreaterThan(20);
    expect(elsewhere.map(([id]) => id)).toStrictEqual([]);
  });

  it('names it wherever a resource may have one, but where the documentation says that it does not', () => {
    // Arrange
    const page = readFileSync(join(root, 'docs/deploy.md'), 'utf8');
    // Act
    const able = new Set(
      encrypted.app.node
        .findAll()
        .filter((one) => one instanceof CfnResource)
        .filter((one) =>
          Object.getOwnPropertyNames(Object.getPrototypeOf(one)).some(
            (name) => !name.startsWith('_') && /kms|encryption/i.test(name),
          ),
        )
        .map(({ cfnResourceType }) => cfnResourceType),
    );
    // Assess
    for (const words of Object.values(without)) expect(page).toContain(words);
    const named = [
      'AWS::KinesisFirehose::DeliveryStream',
      'AWS::Logs::LogGroup',
      'AWS::S3::Bucket',
      'AWS::SNS::Topic',
    ];
    expect([...able].sort()).toStrictEqual([...named, ...Object.keys(without)].sort());
  });

  it('encrypts the topic, and lets alarms, budgets and runs publish all the same', () => {
    // Arrange
    const [topic] = Object.values(encrypted.template('data').findResources('AWS::SNS::Topic'));
    const [key] = Object.values(encrypted.template('data').findResources('AWS::KMS::Key'));
    const retraining = encrypted.template('retraining');
    const [machineRole] = Object.keys(retraining.findResources('AWS::IAM::Role')).filter((id) =>
      id.startsWith('NightlyRole'),
    );
    // Act
    const services = key!.Properties.KeyPolicy.Statement.filter(
      ({ Principal }: { Principal: object }) => 'Service' in Principal,
    );
    const machine = statementsOf(retraining, machineRole!);
    // Assess
    expect(topic!.Properties.KmsMasterKeyId).toEqual(keyOf);
    expect(services).toMatchObject([
      {
        Sid: 'LogGroupsOfThisAccount',
        Principal: {
          Service: { 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, expect.any(String)]] },
        },
        Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': expect.anything() } },
      },
      {
        Sid: 'WhoTellsTheTopic',
        Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ]);
    expect(
      machine.filter(({ condition }) =>
        String(JSON.stringify(condition?.StringEquals?.['kms:ViaService'])).includes('sns'),
      ),
    ).toMatchObject([{ actions: ['kms:Decrypt', 'kms:GenerateDataKey'] }]);
  });

  it('has SageMaker encrypt what jobs write, and volumes where instances have any', () => {
    const output = ['output'];
    const both = ['output', 'volume'];
    const others = { MakeVectorsJob: both, TrainRecommenderJob: both, RefitWinnerJob: both };
    // g5 has disks of its own, for which SageMaker refuses a key; c6i and p3 have volumes.
    expect(keysOf(encrypted)).toStrictEqual({
      FitEnvironmentJob: output,
      CreateEndpointConfiguration: [],
      ...others,
    });
    expect(keysOf(onVolumes)).toStrictEqual({
      FitEnvironmentJob: both,
      CreateEndpointConfiguration: ['volume'],
      ...others,
    });
    for (const keys of Object.values(keysOf(plain))) expect(keys).toStrictEqual([]);
  });

  it('lets the roles of jobs and endpoints, and whoever starts them, make grants for volumes alone', () => {
    const granting = (['environment', 'retraining'] as const).flatMap((part) => {
      const template = encrypted.template(part);
      return Object.keys(template.findResources('AWS::IAM::Role')).flatMap((id) =>
        statementsOf(template, id)
          .filter(({ actions }) => actions.includes('kms:CreateGrant'))
          .map(({ condition }) => [id.replace(/Role.*/, ''), condition] as const),
      );
    });
    expect(granting.map(([role]) => role).sort()).toStrictEqual([
      'Environment',
      'Nightly',
      'Trainer',
    ]);
    for (const [, condition] of granting) {
      expect(condition).toStrictEqual({
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
        StringEquals: { 'aws:ResourceTag/deployment': 'lea-dev' },
      });
    }
  });

  it('hands its ARN to other stacks by a parameter that is there in any case', () => {
    for (const [synthesis, value] of [
      [encrypted, keyOf],
      [plain, 'none'],
    ] as const) {
      const [parameter] = Object.values(
        synthesis.template('data').findResources('AWS::SSM::Parameter'),
      );
      expect(parameter!.Properties).toMatchObject({
        Name: '/lea-dev/encryption-key',
        Value: typeof value === 'string' ? value : expect.objectContaining(value),
      });
    }
    const imports = parts.flatMap(
      (part) =>
        JSON.stringify(encrypted.template(part).toJSON()).match(
          /"Fn::ImportValue":"[^"]*Key[^"]*"/g,
        ) ?? [],
    );
    expect(imports).toStrictEqual([]);
  });
});
