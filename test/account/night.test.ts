import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { temporaryFolder } from '../temporary/folders.ts';
import { accountConfig, tryAccount, validateFile } from './night.ts';

let folder: string;
let calls: string[];
const actingAs = new Map<string, string | undefined>();
/** What the stand-in for an account answers differently: the beginning of a command, and its answer or its failure. */
let answers: Record<string, Answer | Answer[]>;
type Answer = string | Error;
let interruption: AbortController;

const said: string[] = [];
beforeEach(() => {
  said.length = 0;
  folder = temporaryFolder('account');
  calls = [];
  answers = {};
  interruption = new AbortController();
});

const session = { AccessKeyId: 'key', SecretAccessKey: 'secret', SessionToken: 'token' };
const usual: Record<string, object> = {
  'sts get-caller-identity': { Account: '111122223333', Arn: 'arn:me' },
  'sts assume-role': { Credentials: session },
  'stepfunctions describe-state-machine': { definition: '{"StartAt":"A"}' },
  'stepfunctions validate-state-machine-definition': { result: 'OK', diagnostics: [] },
  'stepfunctions start-execution': { executionArn: 'arn:execution' },
  'stepfunctions describe-execution': { status: 'SUCCEEDED' },
  'stepfunctions list-executions': { executions: [] },
  'cloudwatch get-metric-statistics': { Datapoints: [{ Maximum: 0.42 }] },
  'sagemaker list-training-jobs': { TrainingJobSummaries: [] },
  'sagemaker list-endpoints': { Endpoints: [] },
  'sagemaker list-endpoint-configs': { EndpointConfigs: [{ EndpointConfigName: 'config-1' }] },
  'sagemaker list-models': { Models: [{ ModelName: 'model-1' }] },
  'logs describe-log-groups': { logGroups: [{ logGroupName: 'group-1' }] },
};

/** In place of AWS's command line, of cdk and of `lea`. */
async function run(
  program: string,
  args: readonly string[],
  _signal?: AbortSignal,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const command = `${program} ${args.join(' ')}`;
  calls.push(command);
  actingAs.set(command, variables.AWS_SESSION_TOKEN);
  const [, given] = Object.entries(answers).find(([begin]) => command.startsWith(begin)) ?? [];
  // One answer after the other, the last one for good.
  const changed = Array.isArray(given) ? (given.length > 1 ? given.shift() : given[0]) : given;
  if (changed instanceof Error) throw changed;
  if (changed !== undefined) return changed;
  if (command.startsWith('npx cdk deploy')) {
    const outputs = {
      data: { DataBucketName: 'data', OperatorRoleArn: 'arn:operator' },
      retraining: { StateMachineArn: 'arn:machine' },
    };
    writeFileSync(args[args.indexOf('--outputs-file') + 1]!, JSON.stringify(outputs));
  }
  if (command.startsWith('aws s3 ls')) return 'uploads/a/report.json\nuploads/b/report.json\n';
  if (command.startsWith('aws lambda invoke'))
    writeFileSync(args.at(-1)!, JSON.stringify({ items: Array(5).fill({ item_id: 'x' }) }));
  return JSON.stringify(usual[`${args[0]} ${args[1]}`] ?? {});
}

const attempt = (changes: object = {}) =>
  tryAccount({
    run,
    environment: 'account-1',
    budgetUsd: 5,
    instances: 'gpu',
    maximumMinutes: 120,
    folder,
    baseModel: '/models/small',
    report: (line) => said.push(line),
    signal: interruption.signal,
    pollMilliseconds: 1,
    ...changes,
  });

const called = (begin: string) => calls.filter((call) => call.startsWith(begin));
const removed = () => {
  expect(called('npx cdk destroy --all --force')).toHaveLength(1);
  expect(
    called('aws sagemaker delete-endpoint-config --endpoint-config-name config-1'),
  ).toHaveLength(1);
  expect(called('aws sagemaker delete-model --model-name model-1')).toHaveLength(1);
  expect(called('aws logs describe-log-groups')[0]).toMatch(
    /--log-group-name-prefix \/aws\/sagemaker\/Endpoints\/lea-account-1-- /,
  );
  expect(called('aws logs delete-log-group --log-group-name group-1')).toHaveLength(1);
};

describe('Function: tryAccount', () => {
  it('checks, deploys, validates, uploads, runs a night, recommends, removes, and says what it cost', async () => {
    // Act
    const usd = await attempt();
    // Assess
    expect(usd).toBe(0.42);
    const order = [
      'aws sts get-caller-identity',
      'node bin/lea.mjs preflight',
      'npx cdk deploy',
      'aws stepfunctions validate',
      'aws s3 sync',
      'aws stepfunctions start-execution',
      'aws lambda invoke',
      'aws cloudwatch',
      'npx cdk destroy',
    ];
    const places = order.map((begin) => calls.findIndex((call) => call.startsWith(begin)));
    expect(places).toStrictEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    removed();
  });

  it('deploys under a name of its own, disposable, with the budget as the run’s cap', async () => {
    await attempt({ budgetUsd: 3 });
    expect(called('npx cdk deploy')[0]).toContain('--context environment=account-1');
    const { operations } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    expect(operations).toMatchObject({ isDisposable: true, maxUsdPerRun: 3, schedule: null });
  });

  it('uploads the base model as an operator, and data as whoever it is', async () => {
    await attempt();
    expect(called('aws sts assume-role')[0]).toContain('--role-arn arn:operator');
    expect(actingAs.get(called('aws s3 sync')[0]!)).toBe('token');
    for (const copy of called('aws s3 cp')) expect(actingAs.get(copy)).toBeUndefined();
  });

  it('begins nothing without credentials', async () => {
    answers['aws sts get-caller-identity'] = new Error('Unable to locate credentials');
    await expect(attempt()).rejects.toThrow('Unable to locate credentials');
    expect(calls).toHaveLength(1);
  });

  it('begins nothing when the account is not ready', async () => {
    answers['node bin/lea.mjs preflight'] = new Error('blocker  Asking the environment');
    await expect(attempt()).rejects.toThrow('blocker');
    expect(calls).toHaveLength(2);
  });

  it.each([
    ['npx cdk deploy', new Error('rolled back'), /rolled back/],
    [
      'aws stepfunctions validate',
      '{"result":"FAIL","diagnostics":[{"severity":"ERROR","code":"SCHEMA","message":"no"}]}',
      /does not accept the definition/,
    ],
    [
      'aws stepfunctions describe-execution',
      '{"status":"FAILED","error":"AcceleratorError","cause":"driver 470"}',
      /FAILED: AcceleratorError driver 470/,
    ],
    ['aws lambda invoke', new Error('403'), /403/],
  ])('removes everything when %s fails, and fails', async (command, answer, message) => {
    answers[command] = answer;
    await expect(attempt()).rejects.toThrow(message);
    removed();
  });

  it('stops a night that takes too long, and removes everything', async () => {
    answers['aws stepfunctions describe-execution'] = '{"status":"RUNNING"}';
    answers['aws stepfunctions list-executions'] =
      '{"executions":[{"executionArn":"arn:execution"}]}';
    await expect(attempt({ maximumMinutes: 0.001 })).rejects.toThrow(
      'took longer than the test may',
    );
    expect(called('aws stepfunctions stop-execution --execution-arn arn:execution')).toHaveLength(
      1,
    );
    removed();
  });

  it('removes everything when it is interrupted', async () => {
    answers['aws stepfunctions describe-execution'] = '{"status":"RUNNING"}';
    setTimeout(() => interruption.abort(new Error('interrupted by SIGINT')), 20);
    await expect(attempt()).rejects.toThrow();
    removed();
  });

  it('waits for an endpoint that is being created, which nobody would remove once the stacks are gone', async () => {
    // Arrange
    answers['aws stepfunctions describe-execution'] = '{"status":"FAILED"}';
    const listed = (EndpointStatus: string) =>
      JSON.stringify({ Endpoints: [{ EndpointName: 'endpoint-1', EndpointStatus }] });
    answers['aws sagemaker list-endpoints'] = [
      listed('Creating'),
      listed('Creating'),
      listed('InService'),
      listed('Deleting'),
    ];
    const refusal = new Error(
      'An error occurred (ValidationException) when calling the DeleteEndpoint operation: Cannot update in-progress endpoint "arn"',
    );
    answers['aws sagemaker delete-endpoint --'] = [refusal, refusal, ''];
    // Act
    await expect(attempt()).rejects.toThrow('The night ended as FAILED');
    // Assess
    expect(called('aws sagemaker delete-endpoint --endpoint-name endpoint-1')).toHaveLength(3);
    expect(said.filter((line) => line.includes('lets go of endpoint-1'))).toHaveLength(1);
    expect(said.join('\n')).not.toContain('NOT REMOVED');
    removed();
  });

  it('goes on removing when something cannot be removed, says what, and fails', async () => {
    answers['npx cdk destroy'] = new Error('DELETE_FAILED\nmore');
    await expect(attempt()).rejects.toThrow('Not everything could be removed');
    expect(said.join('\n')).toContain(
      'NOT REMOVED, remove by hand (docs/deploy.md, 12):\nstacks: DELETE_FAILED',
    );
    removed();
  });
});

describe('Function: accountConfig', () => {
  it.each([
    ['gpu', 2],
    ['cpu', 1],
  ] as const)('is a configuration for %s', (instances, models) => {
    const config = parseConfig(
      accountConfig({ budgetUsd: 5, instances, maximumMinutes: 150 }),
      'account',
    );
    expect(config.training.models).toHaveLength(models);
    expect(config.operations.environmentInstanceTypes).toStrictEqual(['ml.g5.xlarge']);
  });
});

describe('Function: validateFile', () => {
  it('says what Step Functions finds', async () => {
    answers['aws stepfunctions validate'] =
      '{"result":"OK","diagnostics":[{"severity":"WARNING","code":"W1","message":"look here","location":"/States/A"}]}';
    await validateFile(run, 'docs/state-machine.json', (line) => said.push(line));
    expect(said).toContain('WARNING W1 at /States/A: look here');
  });
});
