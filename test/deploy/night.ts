import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { bucketObjects } from '#local/bucket-objects.ts';
import { Guardian } from '#local/processes/guardian.ts';
import { taskResources } from '#local/resources.ts';
import { startSageMakerServer } from '#local/sagemaker/http-server.ts';
import { imageFinder, SageMaker } from '#local/sagemaker/sagemaker.ts';
import { type ExecutionResult, runStateMachine, TaskError } from '#local/state-machine/run.ts';
import { localImages } from '../../bin/one-machine/images.ts';
import { invoke } from './deployed.ts';
import { type Address, account, region } from './emulator.ts';

/** SageMaker's jobs and endpoints as processes of this machine. */
export interface Containers {
  readonly sagemaker: SageMaker;
  readonly server: string;
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
  const server = await startSageMakerServer({ sagemaker, account, invocationTimeoutSeconds: 60 });
  return {
    sagemaker,
    server: server.endpoint,
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
  /** Every state that was entered, without those inside of a Map. */
  readonly states: readonly string[];
  readonly published: readonly unknown[];
}

/** Runs the deployed definition against the deployed functions, in the place of Step Functions. */
export async function runNight(
  address: Address,
  s3: S3Client,
  { sagemaker }: Containers,
  execution: { readonly definition: unknown; readonly name: string; readonly input: object },
): Promise<Night> {
  const states: string[] = [];
  const published: unknown[] = [];
  const resources = {
    ...taskResources({ sagemaker, s3 } as never),
    'arn:aws:states:::lambda:invoke': async (args: unknown) => {
      const { FunctionName, Payload } = args as { FunctionName: string; Payload: unknown };
      const result = await invoke(address, FunctionName, Payload);
      if ('payload' in result) return { Payload: result.payload, StatusCode: 200 };
      throw new TaskError(result.error.errorType, JSON.stringify(result.error));
    },
    'arn:aws:states:::sns:publish': async (args: unknown) => published.push(args),
  };
  const result = await runStateMachine({
    ...execution,
    resources,
    objects: bucketObjects(s3),
    onEvent: (event) => {
      if (event.type === 'state-entered' && event.path === event.state) states.push(event.state);
    },
  });
  return { result, states, published };
}
