import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { createJsonService } from '#platform/json-service.ts';
import { createObjects } from '#platform/objects.ts';
import type { Commands } from '../account/commands.ts';
import { runWith } from '../account/commands.ts';
import { call } from './api.ts';
import { deployedStateMachine, givenImages, invoke } from './deployed.ts';
import { account as accountId, type Emulator } from './emulator.ts';
import { functionLogs } from './logs.ts';
import { type Containers, runNight } from './night.ts';
import { assumeRole, s3AsCarelessUser, s3Of } from './principals.ts';

const any = z.looseObject({});

export interface EmulatedAccount {
  readonly root: string;
  readonly dir: string;
  readonly emulator: Emulator;
  readonly s3: S3Client;
  readonly containers: Containers;
}

/**
 * The programs that the account's test calls, on an emulator: cdk and `lea` as they are, in place of the AWS CLI the same
 * requests, and in place of Step Functions, which the emulator does not run such definitions with, this machine's runner.
 */
export function emulatedCommands(account: EmulatedAccount): Commands {
  const { root, dir, emulator } = account;
  const program = runWith({ cwd: root, env: emulator.environment });
  const executions = new Executions(account);
  // Whoever is no operator, whatever IAM lets him do: the emulator's root user is above the bucket's policy.
  let careless: Promise<S3Client> | undefined;
  return async (name, args, signal, variables = {}) => {
    if (name === 'node') return program(name, args, signal);
    if (name === 'npx') {
      const [, command, ...rest] = args;
      const name = rest.find((value) => value.startsWith('environment='));
      const output = ['--output', join(dir, `${name?.replace('environment=', '')}.out`)];
      return program('cdk', [command!, ...rest, ...output, ...givenImages], signal);
    }
    if (name !== 'aws') throw new Error(`${name} is not called in an account.`);
    const [service, operation, ...rest] = args;
    const command = `${service} ${operation}`;
    if (service === 's3') {
      const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SESSION_TOKEN: sessionToken } = variables;
      const secretAccessKey = variables.AWS_SECRET_ACCESS_KEY;
      careless ??= s3AsCarelessUser(emulator);
      const client =
        accessKeyId === undefined || secretAccessKey === undefined
          ? await careless
          : s3Of(emulator, {
              accessKeyId,
              secretAccessKey,
              ...(sessionToken !== undefined && { sessionToken }),
            });
      return copy(client, operation!, rest);
    }
    const options = optionsOf(rest);
    if (command === 'sts get-caller-identity')
      return JSON.stringify({ Account: accountId, Arn: `arn:aws:iam::${accountId}:root` });
    if (command === 'sts assume-role') {
      const session = await assumeRole(emulator, options['role-arn']!);
      const { accessKeyId, secretAccessKey, sessionToken } = session;
      return JSON.stringify({
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          SessionToken: sessionToken,
        },
      });
    }
    const states = createJsonService('states', emulator.environment);
    if (command === 'stepfunctions start-execution') return executions.start(options);
    if (command === 'stepfunctions describe-execution') return executions.describe();
    if (command === 'stepfunctions list-executions') return executions.list();
    if (command === 'stepfunctions stop-execution') return executions.stop();
    if (command === 'stepfunctions describe-state-machine') {
      const stateMachineArn = options['state-machine-arn'];
      return JSON.stringify(await states.call('DescribeStateMachine', { stateMachineArn }, any));
    }
    if (command === 'stepfunctions validate-state-machine-definition') {
      const definition = readFileSync(options.definition!.replace('file://', ''), 'utf8');
      const input = { definition, type: options.type };
      return JSON.stringify(await states.call('ValidateStateMachineDefinition', input, any));
    }
    if (command === 'lambda invoke') {
      const answer = await invoke(
        emulator,
        options['function-name']!,
        JSON.parse(options.payload!),
      );
      if ('error' in answer) throw new Error(answer.error.errorMessage);
      writeFileSync(
        rest.filter((text) => text.endsWith('.json'))[0]!,
        JSON.stringify(answer.payload),
      );
      return '';
    }
    if (command === 'cloudwatch get-metric-statistics')
      return costOf(account, options['metric-name']!);
    if (command === 'logs describe-log-groups') {
      const logGroupNamePrefix = options['log-group-name-prefix'];
      const target = 'Logs_20140328.DescribeLogGroups';
      return JSON.stringify(await call(emulator, 'logs', target, { logGroupNamePrefix }, any));
    }
    if (service === 'sagemaker') {
      const sagemaker = createJsonService('sagemaker', emulator.environment);
      const input = Object.fromEntries(
        Object.entries(options)
          .filter(([option]) => option !== 'output')
          .map(([option, value]) => [pascal(option), value]),
      );
      return JSON.stringify(await sagemaker.call(pascal(operation!), input, any));
    }
    throw new Error(`aws ${command} is not known here.`);
  };
}

/** `--a-b c` as `{'a-b': 'c'}`. */
const optionsOf = (args: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    args.flatMap((arg, at) => (arg.startsWith('--') ? [[arg.slice(2), args[at + 1] ?? '']] : [])),
  );

const pascal = (text: string) => text.replace(/(?:^|-)(\w)/g, (_, letter) => letter.toUpperCase());

async function copy(s3: S3Client, operation: string, args: readonly string[]) {
  const [from = '', to = from] = args.filter((arg) => !arg.startsWith('--'));
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(to) ?? [];
  const objects = createObjects(s3, bucket);
  if (operation === 'ls') {
    const keys: string[] = [];
    for await (const { key } of objects.list(prefix)) keys.push(key);
    return keys.join('\n');
  }
  const files = operation === 'sync' ? readdirSync(from) : [''];
  for (const file of files) await objects.putBytes(prefix + file, readFileSync(join(from, file)));
  return '';
}

/** The one night of the test. */
class Executions {
  readonly #account: EmulatedAccount;
  readonly #killer = new AbortController();
  #ended: Record<string, unknown> | undefined;

  constructor(account: EmulatedAccount) {
    this.#account = account;
  }

  async start(options: Record<string, string>): Promise<string> {
    const { emulator, s3, containers } = this.#account;
    const arn = options['state-machine-arn']!;
    const machine = await deployedStateMachine(emulator, arn);
    const input = JSON.parse(options.input!) as object;
    const execution = { input, name: 'account-1', signal: this.#killer.signal };
    runNight(emulator, s3, containers, machine, execution).then(
      async ({ result: { status, error, cause } }) => {
        // The emulator's own Step Functions finds the run done, and says so to whom it may concern.
        const states = createJsonService('states', emulator.environment);
        const again = { stateMachineArn: arn, input: options.input! };
        if (status === 'SUCCEEDED') await states.call('StartExecution', again, any);
        this.#ended = { status, error, cause };
      },
      (failure: Error) => {
        this.#ended = { status: 'FAILED', error: failure.name, cause: failure.message };
      },
    );
    return JSON.stringify({ executionArn: 'account-1' });
  }

  describe(): string {
    return JSON.stringify(this.#ended ?? { status: 'RUNNING' });
  }

  list(): string {
    const executions = this.#ended === undefined ? [{ executionArn: 'account-1' }] : [];
    return JSON.stringify({ executions });
  }

  stop(): string {
    this.#killer.abort();
    return '{}';
  }
}

/** CloudWatch reads metrics out of functions' logs, which the emulator does not. */
async function costOf({ emulator }: EmulatedAccount, metric: string): Promise<string> {
  const lines = [...(await functionLogs(emulator)).values()].flat();
  const values = lines
    .filter((line) => line.startsWith('{"_aws":') && line.includes(`"${metric}":`))
    .map((line) => (JSON.parse(line) as Record<string, number>)[metric]);
  const Datapoints = values.length === 0 ? [] : [{ Maximum: values.at(-1) }];
  return JSON.stringify({ Datapoints });
}
