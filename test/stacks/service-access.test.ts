import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { kinds } from '#functions/remove-idle-endpoints/sagemaker.ts';
import { functionNames } from '#stacks/bundles.ts';
import { roleOf, type Statement, statementsOf } from './iam.ts';
import { root, synthesise } from './synthesis.ts';

const synthesis = synthesise({ operations: { serving: { impressions: {} } } });
const parts = ['data', 'environment', 'retraining', 'serving'] as const;
const names = functionNames(root);

/** The service of each operation that our code asks for by name (platform/json-service.ts). */
const services: Readonly<Record<string, string>> = {
  StartBuild: 'codebuild',
  BatchGetBuilds: 'codebuild',
  PutEvents: 'events',
  PutRecord: 'firehose',
  ListServiceQuotas: 'servicequotas',
  ListAWSDefaultServiceQuotas: 'servicequotas',
  DescribeExecution: 'states',
  GetExecutionHistory: 'states',
  ListTrainingJobs: 'sagemaker',
  DescribeTrainingJob: 'sagemaker',
  DescribeModel: 'sagemaker',
  DescribeEndpointConfig: 'sagemaker',
  ...Object.fromEntries(
    kinds.flatMap((kind) => [`List${kind}s`, `Delete${kind}`].map((name) => [name, 'sagemaker'])),
  ),
};

/** The actions of each SDK command, apart from those of S3, that our code constructs. */
const commands: Readonly<Record<string, string>> = {
  InvokeEndpointCommand: 'sagemaker:InvokeEndpoint',
  // Batches have no action of their own.
  SendMessageBatchCommand: 'sqs:SendMessage',
};

/** What every function's own code, as far as it can run, asks of AWS besides S3. */
function actionsUsed(): Map<string, string[]> {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: names.map((name) => `functions/${name}/handler.ts`),
    outbase: 'functions',
    outdir: 'out',
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
  });
  return new Map(
    outputFiles.map(({ path, text }) => [
      path.split('/').at(-2)!,
      [...operations(text), ...constructed(text)].sort(),
    ]),
  );
}

const ofAKind = /\$\{kind\}/;

function operations(text: string): string[] {
  const called = [...text.matchAll(/\.call\(\s*["`]([A-Z][\w${}]*)["`]/g)].map(([, name]) => name!);
  const expanded = called.flatMap((name) =>
    ofAKind.test(name) ? kinds.map((kind) => name.replace(ofAKind, kind)) : [name],
  );
  return expanded.map((name) => {
    if (services[name] === undefined) throw new Error(`Say which service ${name} belongs to.`);
    return `${services[name]}:${name}`;
  });
}

function constructed(text: string): string[] {
  const s3 =
    /^((Head|Get|Put|Copy|Delete|List)Objects?(V2)?|(Create|Complete|Abort)MultipartUpload|UploadPartCopy)Command$/;
  return [...new Set([...text.matchAll(/new (\w+Command)\(/g)].map(([, name]) => name!))]
    .filter((name) => !s3.test(name))
    .map((name) => {
      if (commands[name] === undefined) throw new Error(`Say which action ${name} needs.`);
      return commands[name];
    });
}

function templateOf(name: string) {
  const found = parts
    .map((part) => synthesis.template(part))
    .find(
      (template) =>
        Object.keys(
          template.findResources('AWS::Lambda::Function', {
            Properties: { FunctionName: `lea-dev-${name}` },
          }),
        ).length > 0,
    );
  if (found === undefined) throw new Error(`No stack has the function ${name}.`);
  return found;
}

/** Goes with a queue: what its consumer and its senders also get from CDK. */
const ofQueues = new Set(
  [
    'ReceiveMessage',
    'ChangeMessageVisibility',
    'DeleteMessage',
    'GetQueueUrl',
    'GetQueueAttributes',
  ].map((action) => `sqs:${action}`),
);

describe('The roles of the functions, besides S3', () => {
  const used = actionsUsed();

  it.each(names)('%s may do what its code does, and nothing else', (name) => {
    // Arrange
    const template = templateOf(name);
    const isOther = (action: string) => !/^(s3|logs|kms):/.test(action) && !ofQueues.has(action);
    // Act
    const granted = statementsOf(template, roleOf(template, `lea-dev-${name}`))
      .flatMap((statement) => statement.actions)
      .filter(isOther);
    // Assess
    expect([...new Set(granted)].sort()).toStrictEqual(used.get(name));
  });

  it('take no resource but their own, except where a call has none', () => {
    // Arrange
    const calls = /^(sagemaker|servicequotas):List/;
    const wide = ({ resources }: Statement) => resources.includes('*');
    // Act
    const found = names.flatMap((name) => {
      const template = templateOf(name);
      return statementsOf(template, roleOf(template, `lea-dev-${name}`)).filter(wide);
    });
    // Assess
    expect(
      found.flatMap((one) => one.actions).filter((action) => !calls.test(action)),
    ).toStrictEqual([]);
  });
});
