import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '#lib/contracts/errors.ts';
import type { ContainerImage } from '#stacks/constructs/container-image.ts';
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

  it('uploads what the Dockerfiles copy, and no more', () => {
    // Arrange
    const { app, stacks } = synthesise({ context: { 'aws:cdk:disable-asset-staging': false } });
    const { directory } = app.synth();
    const { environmentImage, trainerImage } = stacks.environment as {
      environmentImage: ContainerImage;
      trainerImage: ContainerImage;
    };
    const uploaded = ({ project }: ContainerImage) => join(directory, project.source.assetPath);
    const copied = (dockerfile: string) =>
      [...readFileSync(dockerfile, 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
        ([, sources]) => sources!.split(' ').map((source) => source.replace(/\/$/, '')),
      );
    // Act
    const environment = readdirSync(uploaded(environmentImage));
    const trainer = readdirSync(uploaded(trainerImage));
    // Assess
    const wanted = copied(join(uploaded(environmentImage), 'Dockerfile'));
    expect(environment.sort()).toStrictEqual(['Dockerfile', ...wanted].sort());
    const sources = copied(join(uploaded(trainerImage), 'containers/trainer/Dockerfile'));
    expect(trainer.sort()).toStrictEqual(
      [...new Set(sources.map((path) => path.split('/')[0]))].sort(),
    );
    expect(readdirSync(join(uploaded(trainerImage), 'containers'))).toStrictEqual(['trainer']);
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
    for (const { Properties } of Object.values(template.findResources('AWS::CodeBuild::Project'))) {
      const { TimeoutInMinutes, QueuedTimeoutInMinutes } = Properties;
      expect(TimeoutInMinutes + QueuedTimeoutInMinutes).toBeLessThan(60);
    }
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
