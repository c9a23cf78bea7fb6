import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerExit } from './container.ts';
import type { CreateTrainingJobRequest } from './requests.ts';

/**
 * What a training container finds below `/opt/ml` when it starts.
 *
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
 */
export async function prepareJobFolder(
  request: CreateTrainingJobRequest,
  root: string,
): Promise<void> {
  for (const folder of ['input/config', 'input/data', 'model', 'output/data', 'checkpoints']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  const channels = request.InputDataConfig.map((channel) => [
    channel.ChannelName,
    {
      TrainingInputMode: channel.InputMode ?? request.AlgorithmSpecification.TrainingInputMode,
      S3DistributionType:
        channel.DataSource.S3DataSource.S3DataDistributionType ?? 'FullyReplicated',
      RecordWrapperType: 'None',
      ...(channel.ContentType === undefined ? {} : { ContentType: channel.ContentType }),
    },
  ]);
  const files = {
    hyperparameters: request.HyperParameters,
    inputdataconfig: Object.fromEntries(channels),
    resourceconfig: {
      current_host: 'algo-1',
      hosts: ['algo-1'],
      network_interface_name: 'lo',
      current_instance_type: request.ResourceConfig.InstanceType,
    },
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(root, 'input/config', `${name}.json`), JSON.stringify(content));
  }
}

/** What the container wrote to `output/failure` (1024 characters count), else how it ended. */
export async function failureReason(root: string, exit: ContainerExit): Promise<string> {
  if (exit.error !== undefined) return `The container could not be started: ${exit.error.message}`;
  const written = await readFile(join(root, 'output/failure'), 'utf8').catch(() => '');
  const how = exit.signal === null ? `exit code: ${exit.code}` : `killed by ${exit.signal}`;
  return written.trim() === '' ? how : `${written.trim().slice(0, 1024)}, ${how}`;
}
