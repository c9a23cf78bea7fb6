import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInProgress } from '#functions/remove-idle-endpoints/sagemaker.ts';
import { resourcePrefix } from '#lib/contracts/job-name.ts';
import { runs, serving, uploads } from '#lib/contracts/keys.ts';
import { items, lines, rows, config as smallest } from '../deploy/fixture.ts';
import type { Commands } from './commands.ts';

/** How a night in an account is tried. */
export interface AccountTest {
  readonly run: Commands;
  /** The deployment's environment, of this test alone. */
  readonly environment: string;
  /** What the run may cost at worst; it refuses to start a GPU above that. */
  readonly budgetUsd: number;
  readonly instances: 'gpu' | 'cpu';
  /** When everything is torn down, however far it has come. */
  readonly maximumMinutes: number;
  /** A folder for configuration, data and answers. */
  readonly folder: string;
  readonly baseModel: string;
  readonly report: (line: string) => void;
  /** Ends the test early, with the tear-down. */
  readonly signal: AbortSignal;
  readonly pollMilliseconds: number;
}

/** The run's name. */
const night = 'account-test';

/** As little as goes through every state, on the cheapest instances that do it. */
export function accountConfig({
  budgetUsd,
  instances,
  maximumMinutes,
}: Pick<AccountTest, 'budgetUsd' | 'instances' | 'maximumMinutes'>): object {
  const [supervised, lea] = smallest.training.models;
  return {
    ...smallest,
    // What asks the environment is estimated, and runs, on a GPU alone.
    training: {
      ...smallest.training,
      models: instances === 'gpu' ? [supervised, lea] : [supervised],
    },
    operations: {
      isDisposable: true,
      schedule: null,
      maxUsdPerRun: budgetUsd,
      maximumRunHours: Math.max(1, Math.floor(maximumMinutes / 60)),
      useSpotTraining: false,
      trainingConcurrency: 1,
      environmentInstanceTypes: ['ml.g5.xlarge'],
      trainerInstanceTypes: ['ml.c5.xlarge'],
      serving: { batchCount: 0 },
    },
  };
}

/**
 * Deploys to an account, runs a night there, recommends, and removes all of it whatever happens meanwhile.
 *
 * @returns what the night cost, as it reported
 * @throws Error naming the step that failed; what could not be removed is said besides
 */
export async function tryAccount(test: AccountTest): Promise<number | undefined> {
  const { run, environment, folder, report } = test;
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, 'config.json');
  writeFileSync(configFile, JSON.stringify(accountConfig(test)));
  const context = ['--context', `config=${configFile}`, '--context', `environment=${environment}`];
  const deadline = Date.now() + test.maximumMinutes * 60_000;

  const identity = await json(run, ['sts', 'get-caller-identity']);
  report(`in account ${identity.Account}, as ${identity.Arn}`);
  report('checking the account before anything is paid');
  report(
    (
      await run('node', [
        'bin/lea.mjs',
        'preflight',
        '--config',
        configFile,
        '--environment',
        environment,
        '--interactions',
        String(rows.length),
        '--items',
        String(items.length),
      ])
    ).trim(),
  );
  let failure: unknown;
  let usd: number | undefined;
  const outputsFile = join(folder, 'outputs.json');
  const outputs: Record<string, string> = {};
  try {
    report('deploying five stacks (about half an hour: both images are built)');
    const deploy = ['cdk', 'deploy', '--all', '--require-approval', 'never'];
    const args = [...deploy, '--outputs-file', outputsFile, ...context];
    await run('npx', args, limit(test, deadline));
    Object.assign(
      outputs,
      ...Object.values(JSON.parse(readFileSync(outputsFile, 'utf8')) as Record<string, object>),
    );
    await validateDefinition(run, outputs.StateMachineArn!, folder, report);
    await upload(test, outputs, deadline);
    await passNight(test, outputs.StateMachineArn!, deadline);
    await recommend(test, deadline);
    usd = await costOf(test);
  } catch (error) {
    failure = error;
    report(`FAILED: ${(error as Error).message}`);
  }
  const left = await tearDown(test, outputs.StateMachineArn, context);
  report(
    usd === undefined
      ? 'what the night cost is not known'
      : `the night cost $${usd.toFixed(2)}, by its own account; deployment and images come on top (cents)`,
  );
  if (left.length > 0)
    report(`NOT REMOVED, remove by hand (docs/deploy.md, 12):\n${left.join('\n')}`);
  if (failure !== undefined) throw failure;
  if (left.length > 0) throw new Error('Not everything could be removed.');
  return usd;
}

/** Asks Step Functions itself whether a definition is right. @throws Error with every error that it finds */
async function validateDefinition(
  run: Commands,
  arn: string,
  folder: string,
  report: (line: string) => void,
): Promise<void> {
  const { definition } = await json(run, [
    'stepfunctions',
    'describe-state-machine',
    '--state-machine-arn',
    arn,
  ]);
  const file = join(folder, 'definition.json');
  writeFileSync(file, String(definition));
  await validateFile(run, file, report);
}

/** The same for a file, which takes nothing but credentials. */
export async function validateFile(
  run: Commands,
  file: string,
  report: (line: string) => void,
): Promise<void> {
  const answer = await json(run, [
    'stepfunctions',
    'validate-state-machine-definition',
    '--type',
    'STANDARD',
    '--definition',
    `file://${file}`,
  ]);
  const diagnostics = answer.diagnostics as {
    severity: string;
    code: string;
    message: string;
    location?: string;
  }[];
  for (const { severity, code, message, location } of diagnostics)
    report(`${severity} ${code} at ${location ?? '?'}: ${message}`);
  if (answer.result !== 'OK') throw new Error('Step Functions does not accept the definition.');
  report('Step Functions accepts the definition');
}

async function upload(
  test: AccountTest,
  { DataBucketName: bucket, OperatorRoleArn }: Readonly<Record<string, string>>,
  deadline: number,
): Promise<void> {
  const { run, folder, report, baseModel, signal } = test;
  report('uploading the base model as an operator, a catalogue and interactions');
  const target = `s3://${bucket}/${uploads.baseModelPrefix('smollm2-135m-instruct')}`;
  // The bucket's policy lets nobody else write there, administrators included.
  const operator = await sessionOf(run, OperatorRoleArn!);
  await run('aws', ['s3', 'sync', '--only-show-errors', baseModel, target], signal, operator);
  for (const [prefix, name, values] of [
    [uploads.catalogPrefix, 'items.jsonl', items],
    [uploads.logsPrefix, 'interactions.jsonl', rows],
  ] as const) {
    const file = join(folder, name);
    writeFileSync(file, lines([...values]));
    await run('aws', ['s3', 'cp', '--only-show-errors', file, `s3://${bucket}/${prefix}${name}`]);
    await until(test, deadline, `the report of ${name}`, async () => {
      const keys = await run('aws', [
        's3',
        'ls',
        '--recursive',
        `s3://${bucket}/${uploads.reportPrefix}`,
      ]).catch(() => '');
      return (keys.match(/report\.json$/gm) ?? []).length >= (name === 'items.jsonl' ? 1 : 2);
    });
  }
}

/** The environment in which the AWS CLI acts in a role. */
async function sessionOf(run: Commands, role: string): Promise<Record<string, string>> {
  const answer = await json(run, [
    ...['sts', 'assume-role'],
    ...['--role-arn', role],
    ...['--role-session-name', night],
  ]);
  const credentials = answer.Credentials as Record<string, string>;
  return {
    AWS_ACCESS_KEY_ID: credentials.AccessKeyId!,
    AWS_SECRET_ACCESS_KEY: credentials.SecretAccessKey!,
    AWS_SESSION_TOKEN: credentials.SessionToken!,
  };
}

async function passNight(test: AccountTest, stateMachine: string, deadline: number): Promise<void> {
  const { run, report } = test;
  report('running a night');
  const { executionArn } = await json(run, [
    'stepfunctions',
    'start-execution',
    '--state-machine-arn',
    stateMachine,
    '--input',
    JSON.stringify({ run: night }),
  ]);
  let ended: Record<string, unknown> = {};
  await until(test, deadline, 'the night', async () => {
    ended = await json(run, [
      'stepfunctions',
      'describe-execution',
      '--execution-arn',
      String(executionArn),
    ]);
    return ended.status !== 'RUNNING';
  });
  if (ended.status !== 'SUCCEEDED')
    throw new Error(
      `The night ended as ${ended.status}: ${ended.error ?? ''} ${ended.cause ?? ''}`,
    );
  report(
    `the night succeeded; its report would be at ${runs.report(night)}, the champion at ${serving.champion}`,
  );
}

async function recommend(
  { run, environment, folder, report }: AccountTest,
  _deadline: number,
): Promise<void> {
  const file = join(folder, 'answer.json');
  const history = items.slice(0, 2).map(({ item_id }) => item_id);
  await run('aws', [
    'lambda',
    'invoke',
    '--function-name',
    `lea-${environment}-recommend:live`,
    '--cli-binary-format',
    'raw-in-base64-out',
    '--payload',
    JSON.stringify({ history, count: 5 }),
    file,
  ]);
  const answer = JSON.parse(readFileSync(file, 'utf8')) as { items?: unknown[] };
  if (answer.items?.length !== 5) throw new Error(`recommend answered ${JSON.stringify(answer)}`);
  report(`recommends: ${JSON.stringify(answer.items)}`);
}

/** The metric that the night's end reports, some seconds later. */
async function costOf(test: AccountTest): Promise<number | undefined> {
  const { run, environment } = test;
  let usd: number | undefined;
  await until(test, Date.now() + 10 * test.pollMilliseconds, 'the cost of the night', async () => {
    const now = Date.now();
    const answer = await json(run, [
      ...[
        'cloudwatch',
        'get-metric-statistics',
        '--namespace',
        `lea-${environment}`,
        '--metric-name',
        'RunUsd',
      ],
      ...[
        '--dimensions',
        'Name=service,Value=publish-run-status',
        '--statistics',
        'Maximum',
        '--period',
        '86400',
      ],
      ...[
        '--start-time',
        new Date(now - 86_400_000).toISOString(),
        '--end-time',
        new Date(now + 60_000).toISOString(),
      ],
    ]);
    usd = (answer.Datapoints as { Maximum: number }[])[0]?.Maximum;
    return usd !== undefined;
  }).catch(() => undefined);
  return usd;
}

/** Ends what runs, removes endpoints, stacks and what outlasts them. @returns what is left, a line each */
async function tearDown(
  test: AccountTest,
  stateMachine: string | undefined,
  context: readonly string[],
): Promise<string[]> {
  const { run, environment, report } = test;
  report('removing everything');
  const prefix = resourcePrefix(`lea-${environment}`);
  const left: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      left.push(`${what}: ${(error as Error).message.split('\n')[0]}`);
    }
  };
  const each = async (
    list: readonly string[],
    field: string,
    name: string,
    remove: string,
    option: string,
  ) => {
    const found = (await json(run, ['sagemaker', ...list, '--name-contains', prefix]))[
      field
    ] as Record<string, string>[];
    for (const one of found)
      await attempt(one[name]!, () => run('aws', ['sagemaker', remove, option, one[name]!]));
  };
  if (stateMachine !== undefined) {
    await attempt('executions', async () => {
      const { executions } = await json(run, [
        'stepfunctions',
        'list-executions',
        '--state-machine-arn',
        stateMachine,
        '--status-filter',
        'RUNNING',
      ]);
      for (const { executionArn } of executions as { executionArn: string }[]) {
        await run('aws', ['stepfunctions', 'stop-execution', '--execution-arn', executionArn]);
      }
    });
  }
  await attempt('training jobs', () =>
    each(
      ['list-training-jobs', '--status-equals', 'InProgress'],
      'TrainingJobSummaries',
      'TrainingJobName',
      'stop-training-job',
      '--training-job-name',
    ),
  );
  await attempt('endpoints', () => removeEndpoints(test, prefix));
  await attempt('stacks', () => run('npx', ['cdk', 'destroy', '--all', '--force', ...context]));
  await attempt('endpoint configurations', () =>
    each(
      ['list-endpoint-configs'],
      'EndpointConfigs',
      'EndpointConfigName',
      'delete-endpoint-config',
      '--endpoint-config-name',
    ),
  );
  await attempt('models', () =>
    each(['list-models'], 'Models', 'ModelName', 'delete-model', '--model-name'),
  );
  // SageMaker makes one for each endpoint, and keeps it for ever.
  await attempt('log groups', async () => {
    const groups = `/aws/sagemaker/Endpoints/${prefix}`;
    const found = await json(run, [
      'logs',
      'describe-log-groups',
      '--log-group-name-prefix',
      groups,
    ]);
    for (const { logGroupName } of found.logGroups as { logGroupName: string }[])
      await attempt(logGroupName, () =>
        run('aws', ['logs', 'delete-log-group', '--log-group-name', logGroupName]),
      );
  });
  return left;
}

/** Longer than SageMaker takes to create an endpoint, or to give it up. */
const creationMinutes = 60;

/**
 * Deletes endpoints until there is none. One that is being created cannot be deleted before it is there or has failed
 * (`functions/remove-idle-endpoints/sagemaker.ts`), and once the stacks are gone nobody else would.
 *
 * @throws Error of an endpoint that cannot be deleted
 */
async function removeEndpoints(test: AccountTest, prefix: string): Promise<void> {
  const { run, report, pollMilliseconds } = test;
  const deadline = Date.now() + creationMinutes * 60_000;
  const waitingFor = new Set<string>();
  for (;;) {
    const found = await json(run, ['sagemaker', 'list-endpoints', '--name-contains', prefix]);
    let refusal: Error | undefined;
    for (const { EndpointName: name, EndpointStatus } of found.Endpoints as Record<
      string,
      string
    >[]) {
      if (EndpointStatus === 'Deleting') continue;
      try {
        await run('aws', ['sagemaker', 'delete-endpoint', '--endpoint-name', name!]);
      } catch (error) {
        if (!isInProgress(error as Error) || Date.now() > deadline) throw error;
        refusal = error as Error;
        if (!waitingFor.has(name!))
          report(`waiting until SageMaker lets go of ${name}, which it is still creating`);
        waitingFor.add(name!);
      }
    }
    if (refusal === undefined) return;
    await sleep(pollMilliseconds);
  }
}

async function json(run: Commands, args: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await run('aws', [...args, '--output', 'json'])) as Record<string, unknown>;
}

/** Looks again and again. @throws Error when it takes too long, or the test is interrupted */
async function until(
  { signal, pollMilliseconds }: AccountTest,
  deadline: number,
  what: string,
  look: () => Promise<boolean>,
): Promise<void> {
  while (!(await look())) {
    signal.throwIfAborted();
    if (Date.now() > deadline) throw new Error(`${what} took longer than the test may.`);
    await sleep(pollMilliseconds, undefined, { signal });
  }
}

/** A signal that ends what runs at the deadline, or when the test is interrupted. */
const limit = ({ signal }: AccountTest, deadline: number) =>
  AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, deadline - Date.now()))]);
