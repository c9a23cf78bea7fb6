import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { localImages } from '#cli/one-machine/images.ts';
import { type Credentials, newCredentials } from '#local/access.ts';
import { bucketObjects } from '#local/bucket-objects.ts';
import { Guardian } from '#local/processes/guardian.ts';
import { taskResources } from '#local/resources.ts';
import { startSageMakerServer } from '#local/sagemaker/http-server.ts';
import { imageFinder, SageMaker } from '#local/sagemaker/sagemaker.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import {
  type ExecutionOptions,
  type ExecutionResult,
  runStateMachine,
} from '#local/state-machine/run.ts';
import { type DeployedStateMachine, invoke } from './deployed.ts';
import { type Address, account, region } from './emulator.ts';
import { asRole } from './role.ts';

/** SageMaker's jobs and endpoints as processes of this machine. */
export interface Containers {
  readonly sagemaker: SageMaker;
  readonly server: string;
  readonly credentials: Credentials;
  readonly logs: string;
  stop(): Promise<void>;
}

/** @param s3 where the containers' files come from and go to */
export async function startContainers(dir: string, s3: S3Client): Promise<Containers> {
  const guardian = new Guardian();
  const logs = join(dir, 'logs');
  const sagemaker = new SageMaker({
    s3,
    region,
    account,
    dir: join(dir, 'containers'),
    logs,
    guardian,
    image: imageFinder(localImages),
    checkpointSeconds: 5,
    keepFolders: false,
    onProgress: () => {},
    onWarning: console.warn,
  });
  const credentials = newCredentials();
  const server = await startSageMakerServer({
    sagemaker,
    account,
    credentials,
    invocationTimeoutSeconds: 60,
  });
  return {
    sagemaker,
    server: server.endpoint,
    credentials,
    logs,
    async stop() {
      await server.stop();
      await sagemaker.stop();
      await guardian.stop();
    },
  };
}

export interface Night {
  readonly result: ExecutionResult;
  readonly published: readonly unknown[];
}

/** Runs a deployed state machine against the deployed functions, in the place of Step Functions. */
export async function runNight(
  address: Address,
  s3: S3Client,
  { sagemaker }: Containers,
  { definition, role }: DeployedStateMachine,
  execution: Pick<ExecutionOptions, 'input' | 'name' | 'onEvent' | 'signal'>,
): Promise<Night> {
  const published: unknown[] = [];
  const result = await runStateMachine({
    ...execution,
    definition,
    resources: asRole(address, role, {
      ...taskResources({ sagemaker } as never),
      'arn:aws:states:::lambda:invoke': async (args) => {
        const { FunctionName, Payload } = args as { FunctionName: string; Payload: unknown };
        const answer = await invoke(address, FunctionName, Payload);
        if ('payload' in answer) return { Payload: answer.payload, StatusCode: 200 };
        throw new TaskError(answer.error.errorType, JSON.stringify(answer.error));
      },
      'arn:aws:states:::sns:publish': async (args) => published.push(args),
    }),
    objects: bucketObjects(s3),
  });
  return { result, published };
}
