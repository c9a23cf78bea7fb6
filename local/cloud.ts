import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import type { Credentials } from './access.ts';
import { bucketObjects } from './bucket-objects.ts';
import { TemplateError } from './errors.ts';
import { bucketsOf } from './events/buckets.ts';
import { EventBus } from './events/bus.ts';
import type { BatchFailure } from './events/queue-source.ts';
import { queueSources } from './events/queue-sources.ts';
import { createQueues, deadLetterArn } from './events/queues.ts';
import { lockFolder } from './folder-lock.ts';
import { LocalFunctions } from './functions/functions.ts';
import { type Notification, Topics } from './notifications.ts';
import { localAccount, type ObjectCreated, startObjectStore } from './object-store/server.ts';
import { Guardian } from './processes/guardian.ts';
import { taskResources } from './resources.ts';
import type { ContainerProgress, LocalImage } from './sagemaker/container.ts';
import { startSageMakerServer } from './sagemaker/http-server.ts';
import { imageFinder, SageMaker } from './sagemaker/sagemaker.ts';
import { endAll, settleAll } from './settle.ts';
import type { ObjectReaderWriter } from './state-machine/objects.ts';
import type { TaskResources } from './state-machine/resources.ts';
import { readAssembly } from './template/assembly.ts';
import { placeOf } from './template/properties.ts';
import { Templates } from './template/templates.ts';

export interface CloudOptions {
  /** The cloud assembly: the folder that `cdk synth` wrote. */
  readonly assembly: string;
  /** Folder of the cloud's memory (objects, queued messages) and logs. Started there again, it goes on. */
  readonly dir: string;
  /** What stands for the container images that the templates name. */
  readonly images: readonly LocalImage[];
  readonly region?: string;
  /** Values of template parameters, by name. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Processes of one function at the same time; as many as there are processors unless given. */
  readonly functionConcurrency?: number;
  /**
   * When messages that a function failed on are delivered again, in seconds; without it, after the visibility
   * timeout of their queue.
   */
  readonly redeliverySeconds?: number;
  /** How long an endpoint may work on one request; 60, as on AWS, unless given. */
  readonly invocationTimeoutSeconds?: number;
  /** Between two copies of a training job's checkpoints to S3; 5 unless given. */
  readonly checkpointSeconds?: number;
  /** Keeps the containers' folders after they ended. */
  readonly keepContainerFolders?: boolean;
  readonly onProgress?: (progress: ContainerProgress) => void;
  readonly onNotification?: (notification: Notification) => void;
  readonly onBatchFailure?: (failure: BatchFailure) => void;
  readonly onWarning?: (message: string) => void;
}

/** Messages that ended in a dead-letter queue. */
export interface DeadLetters {
  readonly queue: string;
  readonly messages: number;
}

/** The AWS account of one machine, with the templates deployed in it. */
export interface Cloud {
  /** Of S3 and SQS. */
  readonly endpoint: string;
  readonly region: string;
  /** New ones at every start: whoever else comes is refused. */
  readonly credentials: Credentials;
  readonly s3: S3Client;
  readonly templates: Templates;
  /** The stacks' outputs, as `<output>` and `<stack>.<output>`; `DataBucketName` names the data bucket. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The definition of the only state machine, as deployed. */
  readonly stateMachine: unknown;
  /** What its Task states call. */
  readonly resources: TaskResources;
  /** S3 for its `ItemReader` and `ResultWriter`. */
  readonly objects: ObjectReaderWriter;
  readonly functions: LocalFunctions;
  readonly sagemaker: SageMaker;
  readonly notifications: readonly Notification[];
  /** Folder with one log file for each function, training job and endpoint. */
  readonly logs: string;
  /** Waits until every event has been worked on: nothing is queued or in a function's hands. */
  drained(signal?: AbortSignal): Promise<readonly DeadLetters[]>;
  /**
   * Ends every process and server, whatever fails on the way. What was queued or half done is taken up at the next
   * start.
   *
   * @throws what failed, once everything has ended
   */
  stop(): Promise<void>;
}

/**
 * Starts a cloud on this machine from synthesised templates: buckets, queues, event rules, functions from their
 * bundles, training jobs and endpoints as local processes. Everything listens on the loopback interface only.
 *
 * @throws FolderInUse when another process has the folder
 * @throws TemplateError that names what in the templates cannot run on one machine
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const dir = resolve(options.dir);
  const unlock = lockFolder(dir);
  const started: (() => Promise<void> | void)[] = [unlock];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= endAll(started);
    return stopping;
  };
  try {
    return await start(options, dir, started, stop);
  } catch (error) {
    // What kept it from starting says more than what then went wrong.
    await stop().catch((failure: Error) => options.onWarning?.(failure.message));
    throw error;
  }
}

async function start(
  options: CloudOptions,
  dir: string,
  started: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Cloud> {
  const region = options.region ?? 'us-east-1';
  const logs = join(dir, 'logs');
  const warn = options.onWarning ?? (() => {});
  const guardian = new Guardian();
  started.push(() => guardian.stop());

  let notify: (event: ObjectCreated) => void = () => {};
  const store = await startObjectStore({
    dir,
    region,
    onObjectCreated: (event) => notify(event),
    onWarning: warn,
  });
  started.push(() => store.stop());
  const { endpoint, credentials } = store;
  const s3 = new S3Client({ endpoint, region, credentials });
  started.push(() => s3.destroy());

  const place = { account: localAccount, region, endpoint };
  const templates = new Templates(readAssembly(options.assembly), place, options.parameters);
  const buckets = bucketsOf(templates);
  for (const bucket of buckets.all) store.createBucket(bucket);
  const queues = createQueues(templates, store);
  const queueByArn = (arn: string) => queues.get(arn);
  const bus = new EventBus({ templates, region, queueByArn, buckets: buckets.notifying });
  notify = (event) => bus.objectCreated(event);

  const sagemaker = new SageMaker({
    s3,
    region,
    account: localAccount,
    dir: join(dir, 'containers'),
    logs,
    guardian,
    image: imageFinder(options.images),
    checkpointSeconds: options.checkpointSeconds ?? 5,
    keepFolders: options.keepContainerFolders ?? false,
    onProgress: options.onProgress ?? (() => {}),
    onWarning: warn,
  });
  started.push(() => sagemaker.stop());
  const models = await startSageMakerServer({
    sagemaker,
    account: localAccount,
    credentials,
    invocationTimeoutSeconds: options.invocationTimeoutSeconds ?? 60,
  });
  started.push(() => models.stop());

  const concurrency = options.functionConcurrency ?? availableParallelism();
  const functions = new LocalFunctions({
    templates,
    dir,
    logs,
    guardian,
    region,
    concurrency,
    environment: functionEnvironment(region, credentials, endpoint, models.endpoint),
    // Nobody listens to events here: whoever uploads has the report before him.
    replaced: { EVENT_BUS: '' },
  });
  started.push(() => functions.stop());
  const sources = queueSources({
    templates,
    queues,
    functions,
    region,
    concurrency,
    redeliverySeconds: options.redeliverySeconds,
    onFailure: options.onBatchFailure ?? (({ reason }) => warn(reason)),
  });
  for (const source of sources) source.start();
  started.push(() => settleAll(sources.map((source) => source.stop())));

  const topics = new Topics(templates, options.onNotification ?? (() => {}));
  return {
    endpoint,
    region,
    credentials,
    s3,
    templates,
    outputs: templates.outputs(),
    get stateMachine() {
      return onlyStateMachine(templates);
    },
    resources: taskResources({ functions, sagemaker, topics }),
    objects: bucketObjects(s3),
    functions,
    sagemaker,
    notifications: topics.published,
    logs,
    async drained(signal) {
      while (!sources.every((source) => source.quiet)) await sleep(20, undefined, { signal });
      const targets = new Set([...queues.values()].map(deadLetterArn));
      return [...queues.values()]
        .filter((queue) => targets.has(queue.arn))
        .map((queue) => ({
          queue: queue.name,
          messages: Number(queue.getAttribute('ApproximateNumberOfMessages')),
        }))
        .filter(({ messages }) => messages > 0);
    },
    stop,
  };
}

/** Points AWS's SDKs at the local services, and everything else at nothing. */
function functionEnvironment(
  region: string,
  credentials: Credentials,
  endpoint: string,
  models: string,
): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    // A service without an endpoint of its own here answers an error; no call leaves the machine.
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ENDPOINT_URL_SQS: endpoint,
    AWS_ENDPOINT_URL_SAGEMAKER: models,
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: models,
    POWERTOOLS_DEV: 'false',
    POWERTOOLS_TRACE_ENABLED: 'false',
  };
}

function onlyStateMachine(templates: Templates): unknown {
  const [machine, ...others] = templates.resources('AWS::StepFunctions::StateMachine');
  if (machine === undefined || others.length > 0) {
    throw new TemplateError(
      `The templates have ${others.length + (machine ? 1 : 0)} state machines, not one.`,
    );
  }
  const { DefinitionString, DefinitionSubstitutions = {} } = machine.properties;
  if (typeof DefinitionString !== 'string') {
    throw new TemplateError('There is no DefinitionString.', placeOf(machine));
  }
  const substitutions = DefinitionSubstitutions as Record<string, unknown>;
  const text = DefinitionString.replaceAll(/\$\{([A-Za-z0-9]+)\}/g, (all, name: string) =>
    name in substitutions ? String(substitutions[name]) : all,
  );
  return JSON.parse(text);
}
