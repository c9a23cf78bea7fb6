import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { cdkJson, synthesise } from './synthesis.ts';

const require = createRequire(import.meta.url);
const parts = ['data', 'environment', 'retraining', 'serving', 'monitoring'] as const;

describe('Function: createApplication', () => {
  it('has no finding of cdk-nag that is not acknowledged', () => {
    // Arrange
    const { app } = synthesise();
    const checks = new AwsSolutionsChecks(app);
    // Act
    app.synth();
    const report = checks.validateScope(app);
    // Assess
    expect(report.violations.map((violation) => violation.ruleName)).toStrictEqual([]);
  });

  it('has no such finding with every option on', () => {
    // Arrange
    const { app } = synthesise({
      context: { environment: 'prod' },
      operations: {
        customerManagedKey: true,
        vpc: {
          subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
          securityGroupIds: ['sg-0123456789abcdef0'],
        },
        notificationEmails: ['team@example.com'],
        monthlyBudgetUsd: 100,
        serving: { door: 'api-gateway', provisionedConcurrency: 1, batchCount: 50 },
      },
    });
    const checks = new AwsSolutionsChecks(app);
    // Act
    app.synth();
    const report = checks.validateScope(app);
    // Assess
    expect(report.violations.map((violation) => violation.ruleName)).toStrictEqual([]);
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
