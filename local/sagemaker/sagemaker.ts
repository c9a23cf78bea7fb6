import { settleAll } from '../settle.ts';
import type { LocalImage } from './container.ts';
import { Endpoints } from './endpoints.ts';
import { SageMakerError } from './errors.ts';
import { sweepFolders } from './folders.ts';
import { list } from './listing.ts';
import type { SageMakerOptions } from './options.ts';
import {
  endpointConfigName,
  endpointName,
  modelName,
  parseRequest,
  trainingJobName,
} from './requests.ts';
import { TrainingJobs } from './training-jobs.ts';

/** Finds the local stand-in of an image. */
export function imageFinder(images: readonly LocalImage[]): (uri: string) => LocalImage {
  return (uri) => {
    const image = images.find((candidate) => uri.includes(candidate.match));
    if (image !== undefined) return image;
    const known = images.map((candidate) => `"${candidate.match}"`).join(', ');
    throw new SageMakerError(
      'ValidationException',
      `No local command stands for the image ${uri}; known are images that contain ${known}.`,
    );
  };
}

/** A call of the API: its request to its answer, times in Unix milliseconds. */
export type Action = (args: unknown, signal?: AbortSignal) => unknown;

/** The part of SageMaker that the pipeline uses, as local processes. */
export class SageMaker {
  readonly trainingJobs: TrainingJobs;
  readonly endpoints: Endpoints;
  /** By the name that Step Functions uses, for example `createEndpoint`. */
  readonly actions: Readonly<Record<string, Action>>;

  constructor(options: SageMakerOptions) {
    sweepFolders(options);
    const jobs = new TrainingJobs(options);
    const endpoints = new Endpoints(options);
    this.trainingJobs = jobs;
    this.endpoints = endpoints;
    this.actions = {
      createTrainingJob: (args) => ({ TrainingJobArn: jobs.create(args).TrainingJobArn }),
      describeTrainingJob: (args) => {
        const request = parseRequest(trainingJobName, 'DescribeTrainingJob', args);
        return jobs.describe(request.TrainingJobName);
      },
      stopTrainingJob: async (args) => {
        const request = parseRequest(trainingJobName, 'StopTrainingJob', args);
        await jobs.stop(request.TrainingJobName);
        return {};
      },
      listTrainingJobs: (args = {}) => {
        return list('TrainingJob', args, jobs.list(), 'TrainingJobSummaries');
      },
      createModel: (args) => endpoints.createModel(args),
      describeModel: (args) => {
        return endpoints.describeModel(parseRequest(modelName, 'DescribeModel', args).ModelName);
      },
      deleteModel: (args) => {
        endpoints.deleteModel(parseRequest(modelName, 'DeleteModel', args).ModelName);
        return {};
      },
      createEndpointConfig: (args) => endpoints.createConfig(args),
      describeEndpointConfig: (args) => {
        const request = parseRequest(endpointConfigName, 'DescribeEndpointConfig', args);
        return endpoints.describeConfig(request.EndpointConfigName);
      },
      deleteEndpointConfig: (args) => {
        const request = parseRequest(endpointConfigName, 'DeleteEndpointConfig', args);
        endpoints.deleteConfig(request.EndpointConfigName);
        return {};
      },
      createEndpoint: (args) => endpoints.create(args),
      describeEndpoint: (args) => {
        return endpoints.describe(
          parseRequest(endpointName, 'DescribeEndpoint', args).EndpointName,
        );
      },
      deleteEndpoint: async (args) => {
        await endpoints.delete(parseRequest(endpointName, 'DeleteEndpoint', args).EndpointName);
        return {};
      },
      listEndpoints: (args = {}) => list('Endpoint', args, endpoints.list()),
      listEndpointConfigs: (args = {}) => list('EndpointConfig', args, endpoints.listConfigs()),
      listModels: (args = {}) => list('Model', args, endpoints.listModels()),
    };
  }

  /** Ends every container. Training jobs may save a checkpoint first. */
  async stop(): Promise<void> {
    await settleAll([this.trainingJobs.stopAll(), this.endpoints.stopAll()]);
  }
}
