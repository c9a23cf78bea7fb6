import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { settleAll } from '../settle.ts';
import { CheckpointSync } from './checkpoints.ts';
import { Container, type ContainerExit } from './container.ts';
import { SageMakerError } from './errors.ts';
import { removeFolder } from './folders.ts';
import { failureReason, prepareJobFolder } from './job-folder.ts';
import type { Listed } from './listing.ts';
import type { SageMakerOptions } from './options.ts';
import {
  type CreateTrainingJobRequest,
  createTrainingJobRequest,
  parseRequest,
} from './requests.ts';
import { downloadPrefix, folderLocation, uploadFolder } from './transfer.ts';

/** Seconds between SIGTERM and SIGKILL. */
const stopGraceSeconds = 120;

type JobStatus = 'InProgress' | 'Stopping' | 'Completed' | 'Failed' | 'Stopped';

/** What DescribeTrainingJob answers; times in Unix milliseconds, as Step Functions gives them. */
export interface TrainingJobDescription extends Omit<CreateTrainingJobRequest, 'Tags'> {
  readonly TrainingJobArn: string;
  readonly TrainingJobStatus: JobStatus;
  readonly SecondaryStatus: string;
  readonly FailureReason?: string;
  readonly ModelArtifacts?: { readonly S3ModelArtifacts: string };
  readonly FinalMetricDataList: readonly { MetricName: string; Value: number; Timestamp: number }[];
  readonly CreationTime: number;
  readonly TrainingStartTime?: number;
  readonly TrainingEndTime?: number;
  readonly TrainingTimeInSeconds?: number;
  readonly BillableTimeInSeconds?: number;
  readonly LastModifiedTime: number;
}

interface Job {
  readonly request: CreateTrainingJobRequest;
  description: TrainingJobDescription;
  /** Aborted by StopTrainingJob and at shutdown. */
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Training jobs as local processes, under the contract of SageMaker's training containers. */
export class TrainingJobs {
  readonly #options: SageMakerOptions;
  readonly #jobs = new Map<string, Job>();

  constructor(options: SageMakerOptions) {
    this.#options = options;
  }

  /**
   * `createTrainingJob.sync`: runs a job to its end. When the signal fires the job is stopped.
   *
   * @returns the description of the job, whatever its status
   * @throws SageMakerError for a bad request or a name that is taken
   */
  async run(args: unknown, signal?: AbortSignal): Promise<TrainingJobDescription> {
    const { TrainingJobName } = this.create(args);
    const job = this.#job(TrainingJobName);
    const onAbort = () => job.stop.abort();
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    await job.done;
    signal?.removeEventListener('abort', onAbort);
    return job.description;
  }

  create(args: unknown): { TrainingJobName: string; TrainingJobArn: string } {
    const request = parseRequest(createTrainingJobRequest, 'CreateTrainingJob', args);
    const { TrainingJobName, Tags: _tags, ...settings } = request;
    if (this.#jobs.has(TrainingJobName)) {
      throw new SageMakerError(
        'ResourceInUse',
        'Training job names must be unique within an AWS account and region, and a training job with this name ' +
          `already exists (${this.#arn(TrainingJobName)})`,
      );
    }
    this.#options.image(request.AlgorithmSpecification.TrainingImage);
    const now = Date.now();
    const stop = new AbortController();
    const job: Job = {
      request,
      stop,
      description: {
        TrainingJobName,
        TrainingJobArn: this.#arn(TrainingJobName),
        TrainingJobStatus: 'InProgress',
        SecondaryStatus: 'Starting',
        FinalMetricDataList: [],
        CreationTime: now,
        LastModifiedTime: now,
        ...settings,
      },
      done: Promise.resolve().then(() => this.#run(job)),
    };
    this.#jobs.set(TrainingJobName, job);
    return { TrainingJobName, TrainingJobArn: this.#arn(TrainingJobName) };
  }

  describe(name: string): TrainingJobDescription {
    return this.#job(name).description;
  }

  list(): Listed[] {
    return [...this.#jobs.values()].map(({ description }) => ({
      name: description.TrainingJobName,
      arn: description.TrainingJobArn,
      status: description.TrainingJobStatus,
      createdAt: description.CreationTime,
      modifiedAt: description.LastModifiedTime,
    }));
  }

  /** Stops a job; resolves when it has ended. */
  async stop(name: string): Promise<void> {
    const job = this.#job(name);
    job.stop.abort();
    await job.done;
  }

  async stopAll(): Promise<void> {
    await settleAll([...this.#jobs.keys()].map((name) => this.stop(name)));
  }

  #arn(name: string): string {
    const { region, account } = this.#options;
    return `arn:aws:sagemaker:${region}:${account}:training-job/${name}`;
  }

  #job(name: string): Job {
    const job = this.#jobs.get(name);
    if (job !== undefined) return job;
    throw new SageMakerError('ValidationException', 'Requested resource not found.');
  }

  async #run(job: Job): Promise<void> {
    const root = join(this.#options.dir, 'training-jobs', job.request.TrainingJobName);
    try {
      await rm(root, { recursive: true, force: true });
      await this.#train(job, root);
    } catch (error) {
      const reason = `InternalServerError: ${(error as Error).message}`;
      this.#end(job, 'Failed', 'Failed', { FailureReason: reason });
    }
    await removeFolder(root, this.#options);
  }

  async #train(job: Job, root: string): Promise<void> {
    const { request } = job;
    this.#update(job, { SecondaryStatus: 'Downloading' });
    await prepareJobFolder(request, root);
    for (const { ChannelName, DataSource } of request.InputDataConfig) {
      const { S3Uri } = DataSource.S3DataSource;
      const folder = join(root, 'input/data', ChannelName);
      const files = await downloadPrefix(this.#options.s3, S3Uri, folder, job.stop.signal).catch(
        (error: Error) => {
          if (job.stop.signal.aborted) return 1;
          throw error;
        },
      );
      if (files > 0) continue;
      const reason = `ClientError: Data download failed:No S3 objects found under S3 URL "${S3Uri}" given in input data source of channel ${ChannelName}.`;
      this.#end(job, 'Failed', 'Failed', { FailureReason: reason });
      return;
    }
    const checkpoints = await this.#checkpoints(request, root);
    try {
      if (job.stop.signal.aborted) return this.#end(job, 'Stopped', 'Stopped');
      const { exit, timedOut } = await this.#container(job, root);
      this.#update(job, { SecondaryStatus: 'Uploading', TrainingEndTime: Date.now() });
      await checkpoints?.finish();
      await this.#upload(job, root, exit, timedOut);
    } finally {
      await checkpoints?.stop();
    }
  }

  async #checkpoints(request: CreateTrainingJobRequest, root: string) {
    if (request.CheckpointConfig === undefined) return undefined;
    const { s3, checkpointSeconds, onWarning } = this.#options;
    const folder = join(root, 'checkpoints');
    const checkpoints = new CheckpointSync(s3, request.CheckpointConfig.S3Uri, folder);
    await checkpoints.restore();
    checkpoints.start(checkpointSeconds, (error) => {
      onWarning(`Checkpoints of ${request.TrainingJobName} could not be saved: ${error.message}`);
    });
    return checkpoints;
  }

  /** Runs the process to its end, or to its time limit. */
  async #container(job: Job, root: string): Promise<{ exit: ContainerExit; timedOut: boolean }> {
    const { TrainingJobName, AlgorithmSpecification, Environment, StoppingCondition } = job.request;
    const metrics = AlgorithmSpecification.MetricDefinitions.map(({ Name, Regex }) => ({
      Name,
      pattern: new RegExp(Regex),
    }));
    this.#update(job, { SecondaryStatus: 'Training', TrainingStartTime: Date.now() });
    const container = new Container({
      name: TrainingJobName,
      image: this.#options.image(AlgorithmSpecification.TrainingImage),
      task: 'train',
      root,
      environment: {
        TRAINING_JOB_NAME: TrainingJobName,
        TRAINING_JOB_ARN: this.#arn(TrainingJobName),
        AWS_REGION: this.#options.region,
        ...Environment,
      },
      logFile: join(this.#options.logs, `${TrainingJobName}.log`),
      guardian: this.#options.guardian,
      onProgress: this.#options.onProgress,
      onWarning: this.#options.onWarning,
      onLine: (line) => {
        for (const { Name, pattern } of metrics) {
          const value = Number(pattern.exec(line)?.[1] ?? Number.NaN);
          if (!Number.isNaN(value)) this.#metric(job, Name, value);
        }
      },
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      void container.stop(stopGraceSeconds);
    }, StoppingCondition.MaxRuntimeInSeconds * 1000);
    const onStop = () => {
      this.#update(job, { TrainingJobStatus: 'Stopping', SecondaryStatus: 'Stopping' });
      void container.stop(stopGraceSeconds);
    };
    job.stop.signal.addEventListener('abort', onStop);
    const exit = await container.ended;
    clearTimeout(timer);
    return { exit, timedOut };
  }

  /** Uploads what the job left, and says how it ended. */
  async #upload(job: Job, root: string, exit: ContainerExit, timedOut: boolean): Promise<void> {
    const { s3 } = this.#options;
    const { TrainingJobName, OutputDataConfig } = job.request;
    const { bucket, key } = folderLocation(OutputDataConfig.S3OutputPath);
    const output = { bucket, key: `${key}${TrainingJobName}/output/` };
    await uploadFolder(s3, join(root, 'output/data'), { bucket, key: `${output.key}data/` });
    const stopped = timedOut || job.stop.signal.aborted;
    if (exit.code !== 0 && !stopped) {
      const reason = `AlgorithmError: ${await failureReason(root, exit)}`;
      return this.#end(job, 'Failed', 'Failed', { FailureReason: reason });
    }
    await uploadFolder(s3, join(root, 'model'), { bucket, key: `${output.key}model/` });
    const ModelArtifacts = { S3ModelArtifacts: `s3://${bucket}/${output.key}model/` };
    if (timedOut) this.#end(job, 'Stopped', 'MaxRuntimeExceeded', { ModelArtifacts });
    else if (stopped) this.#end(job, 'Stopped', 'Stopped', { ModelArtifacts });
    else this.#end(job, 'Completed', 'Completed', { ModelArtifacts });
  }

  #metric(job: Job, MetricName: string, Value: number): void {
    const others = job.description.FinalMetricDataList.filter((m) => m.MetricName !== MetricName);
    const metric = { MetricName, Value, Timestamp: Date.now() };
    this.#update(job, { FinalMetricDataList: [...others, metric] });
  }

  #end(
    job: Job,
    TrainingJobStatus: JobStatus,
    SecondaryStatus: string,
    more: Partial<TrainingJobDescription> = {},
  ): void {
    const { TrainingStartTime, TrainingEndTime = Date.now() } = job.description;
    const seconds = Math.ceil((TrainingEndTime - (TrainingStartTime ?? TrainingEndTime)) / 1000);
    const times = { TrainingTimeInSeconds: seconds, BillableTimeInSeconds: seconds };
    this.#update(job, { TrainingEndTime, ...times, TrainingJobStatus, SecondaryStatus, ...more });
  }

  #update(job: Job, change: Partial<TrainingJobDescription>): void {
    job.description = { ...job.description, ...change, LastModifiedTime: Date.now() };
  }
}
