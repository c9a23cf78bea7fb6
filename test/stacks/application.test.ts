import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { Bucket, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { everyOption } from './options.ts';
import { cdkJson, type Synthesis, synthesise } from './synthesis.ts';

const require = createRequire(import.meta.url);
const parts = ['data', 'environment', 'retraining', 'serving', 'monitoring'] as const;

/** Every part that is optional, switched on. */
const everything = { context: { environment: 'prod' }, operations: everyOption };

/** The names of the findings of cdk-nag that nobody has acknowledged. */
function findings({ app }: Synthesis, checks = new AwsSolutionsChecks(app)): string[] {
  return checks.validateScope(app).violations.map((violation) => violation.ruleName);
}

/** What `@aws/cloudformation-validate`, which CDK carries, says about the templates; CDK itself only warns. */
function rulesBroken({ app }: Synthesis): string[] {
  const { directory } = app.synth({ errorOnDuplicateSynth: true });
  const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
  // Who finds nothing is not in the report.
  const violations = report.pluginReports.flatMap(
    (plugin: { readonly violations: Violation[] }) => plugin.violations,
  );
  return violations.flatMap((violation: Violation) =>
    violation.violatingConstructs.map(
      ({ constructPath }) => `${violation.ruleName} ${constructPath}: ${violation.description}`,
    ),
  );
}

interface Violation {
  readonly ruleName: string;
  readonly description: string;
  readonly violatingConstructs: readonly { readonly constructPath: string }[];
}

describe('Function: createApplication', () => {
  it('gives templates that CloudFormation’s schemas and rules accept, with every option on', () => {
    expect(rulesBroken(synthesise({ ...everything, validate: true }))).toStrictEqual([]);
  });

  it('would be told by these rules if there were anything', () => {
    // Arrange
    const synthesis = synthesise({ validate: true });
    const bucket = synthesis.stacks.data.bucket.node.defaultChild as CfnBucket;
    bucket.addPropertyOverride('VersioningConfiguration.Status', 'Perhaps');
    // Assess
    expect(rulesBroken(synthesis)).toStrictEqual([
      "W3030 lea-dev-data/Data/Bucket/Resource: VersioningConfiguration.Status: 'Perhaps' is not one of ['Enabled', 'Suspended']",
    ]);
  });

  it.each([
    ['as it is', {}],
    ['with every option on', everything],
    [
      'with nothing scheduled and images given',
      {
        context: {
          environmentImageUri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/lea-environment:1',
          trainerImageUri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/lea-trainer:1',
        },
        operations: { schedule: null, serving: { batchCount: 0 } },
      },
    ],
  ])('has no finding of cdk-nag that is not acknowledged, %s', (_, options) => {
    // Arrange
    const synthesis = synthesise(options);
    const checks = new AwsSolutionsChecks(synthesis.app);
    synthesis.app.synth();
    // Act
    const found = findings(synthesis, checks);
    // Assess
    expect(found).toStrictEqual([]);
  });

  it('would have findings if there were any', () => {
    // Arrange
    const synthesis = synthesise();
    new Bucket(synthesis.stacks.data, 'Careless');
    const checks = new AwsSolutionsChecks(synthesis.app);
    synthesis.app.synth();
    // Act
    const found = findings(synthesis, checks);
    // Assess
    expect(found).toStrictEqual(expect.arrayContaining(['AwsSolutions-S1', 'AwsSolutions-S10']));
  });

  it('acknowledges no action with a wildcard, and every wildcard resource with a sentence', () => {
    // Arrange
    const { app } = synthesise();
    // Act
    const acknowledged = app.node
      .findAll()
      .flatMap((construct) =>
        construct.node.metadata
          .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
          .flatMap(({ data }) => Object.entries(data as Record<string, string>)),
      );
    // Assess
    expect(acknowledged.length).toBeGreaterThan(50);
    expect(acknowledged.filter(([id]) => id.includes('[Action::'))).toStrictEqual([]);
    for (const [, reason] of acknowledged)
      expect(JSON.stringify(reason)).toMatch(/\w+ \w+ \w+.*\./);
  });

  it('asks for no more memory than a new account may have, unless told to', () => {
    // Arrange
    const memory = (operations: object) => {
      const synthesis = synthesise({ operations });
      return parts.flatMap((part) =>
        Object.values(synthesis.template(part).findResources('AWS::Lambda::Function')).map(
          ({ Properties }) => Number(Properties.MemorySize ?? 128),
        ),
      );
    };
    // Assess
    expect(Math.max(...memory({}))).toBe(3008);
    expect(Math.max(...memory({ buildSequencesMegabytes: 10_240 }))).toBe(10_240);
  });

  it('uses every feature flag that CDK recommends', () => {
    // Arrange
    const path = require.resolve('aws-cdk-lib/recommended-feature-flags.json');
    const recommended = JSON.parse(readFileSync(path, 'utf8'));
    // Assess
    expect(cdkJson.context).toMatchObject(recommended);
  });

  it('gives the outputs that the command line and the one-machine cloud read', () => {
    // Arrange
    const synthesis = synthesise();
    // Act
    const outputs = parts.flatMap((part) =>
      Object.keys(synthesis.template(part).findOutputs('*')).filter(
        (name) => !name.startsWith('ExportsOutput'),
      ),
    );
    // Assess
    expect(outputs.sort()).toStrictEqual([
      'DataBucketName',
      'OperatorRoleArn',
      'RecommendFunctionName',
      'RecommendFunctionUrl',
      'StateMachineArn',
      'TopicArn',
    ]);
  });

  it('refers from stack to stack with imports, which every tool resolves', () => {
    // Arrange
    const synthesis = synthesise();
    // Act
    const text = parts.map((part) => JSON.stringify(synthesis.template(part).toJSON())).join();
    // Assess
    expect(text).toContain('Fn::ImportValue');
    expect(text).not.toContain('Fn::GetStackOutput');
  });
});
