import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '#lib/contracts/errors.ts';
import { roleOf, statementsOf, toText } from './iam.ts';
import { synthesise } from './synthesis.ts';

const template = synthesise().template('environment');
const image = (name: string) => `123456789012.dkr.ecr.eu-west-1.amazonaws.com/${name}:1`;

describe('Stack: environment', () => {
  it('builds both images in the cloud, under a tag that is the hash of their sources', () => {
    template.resourceCountIs('AWS::CodeBuild::Project', 2);
    const images = Object.values(template.findResources('Custom::ContainerImage'));
    const uris = images.map(({ Properties }) => toText(Properties.ImageUri));
    expect(uris.some((uri) => /:[0-9a-f]{64}$/.test(uri))).toBe(true);
    const names = Object.values(template.findResources('AWS::ECR::Repository')).map(
      ({ Properties }) => Properties.RepositoryName,
    );
    expect(names.sort()).toStrictEqual(['lea-dev/lea-environment', 'lea-dev/lea-trainer']);
    template.allResourcesProperties('AWS::ECR::Repository', {
      ImageScanningConfiguration: { ScanOnPush: true },
      ImageTagMutability: 'IMMUTABLE',
    });
  });

  it('hears of the end of each build before CloudFormation gives up', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({
        source: ['aws.codebuild'],
        detail: Match.objectLike({
          'build-status': Match.arrayWith(['SUCCEEDED', 'FAILED', 'STOPPED', 'TIMED_OUT']),
        }),
      }),
    });
  });

  it('builds one image after the other: an account may allow a single build at a time', () => {
    // Arrange
    const images = Object.entries(template.findResources('Custom::ContainerImage'));
    const waitsFor = new Map(images.map(([id, { DependsOn }]) => [id, [DependsOn ?? []].flat()]));
    // Act
    const second = images.filter(([id]) =>
      images.some(([other]) => waitsFor.get(id)!.includes(other)),
    );
    // Assess
    expect(images).toHaveLength(2);
    expect(second).toHaveLength(1);
  });

  it('may start its own projects and no others', () => {
    const statements = statementsOf(template, roleOf(template, 'lea-dev-build-image'));
    const starting = statements.filter((one) => one.actions.includes('codebuild:StartBuild'));
    expect(starting.flatMap((one) => one.resources)).toHaveLength(2);
    for (const one of starting) for (const arn of one.resources) expect(arn).not.toContain('*');
  });

  it('builds nothing when images are given', () => {
    const given = synthesise({
      context: {
        environmentImageUri: image('my/lea-environment'),
        trainerImageUri: image('my/lea-trainer'),
      },
    });
    const there = given.template('environment');
    there.resourceCountIs('AWS::CodeBuild::Project', 0);
    there.resourceCountIs('Custom::ContainerImage', 0);
    expect(JSON.stringify(there.toJSON())).toContain(':repository/my/lea-environment');
    expect(JSON.stringify(given.template('retraining').toJSON())).toContain(
      image('my/lea-trainer'),
    );
  });

  it('refuses an image that SageMaker cannot run', () => {
    const context = { environmentImageUri: 'docker.io/library/python:3' };
    expect(() => synthesise({ context })).toThrow(ConfigError);
  });

  it('keeps no endpoint and no model: a run makes its own', () => {
    for (const type of ['Endpoint', 'EndpointConfig', 'Model']) {
      template.resourceCountIs(`AWS::SageMaker::${type}`, 0);
    }
  });

  it('looks for idle endpoints every hour, and whenever a run has ended badly', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 hour)',
      Targets: [Match.objectLike({ Input: '{"reason":"hourly"}' })],
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({
        detail: Match.objectLike({ status: ['ABORTED', 'FAILED', 'TIMED_OUT'] }),
      }),
      Targets: [Match.objectLike({ Input: '{"reason":"execution-ended"}' })],
    });
  });
});
