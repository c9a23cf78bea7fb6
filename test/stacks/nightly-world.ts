import type { S3Client } from '@aws-sdk/client-s3';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import { requireLock } from '#lib/contracts/lock.ts';
import { bucketObjects } from '#local/bucket-objects.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import type { TaskContext } from '#local/state-machine/resources.ts';
import {
  type ExecutionResult,
  runStateMachine,
  type TaskResources,
} from '#local/state-machine/run.ts';
import type { JsonService } from '#platform/json-service.ts';
import type { Objects } from '#platform/objects.ts';
import { nightlyDefinition } from '#stacks/retraining/definition.ts';
import type { NightlyDefinitionProps, NightlyFunction } from '#stacks/retraining/states.ts';

/** What the state machine hands to the functions that are not real here. */
interface StepPayload {
  readonly run: string;
  readonly step: string;
  readonly round: number;
  readonly resource: string;
  readonly kind: 'environment' | 'recommender' | 'refit' | 'vectors';
  readonly name: string;
  readonly execution: string;
  readonly refitFailure: string | null;
  readonly keys: readonly string[];
  readonly job: { readonly name: string; readonly instanceType: string; readonly seconds: number };
  readonly endpoint: { readonly instanceType: string; readonly seconds: number } | null;
}

type Step = (payload: StepPayload) => unknown;

/** All arguments of all tasks; each has some. */
interface TaskArguments {
  readonly FunctionName: NightlyFunction;
  readonly Payload: StepPayload;
  readonly TrainingJobName: string;
  readonly ResourceConfig: { readonly InstanceType: string };
  readonly OutputDataConfig: { readonly S3OutputPath: string };
  readonly ModelName: string;
  readonly EndpointConfigName: string;
  readonly EndpointName: string;
  readonly ProductionVariants: readonly [
    { readonly InstanceType: string; readonly InitialInstanceCount: number },
  ];
  readonly Subject: string;
}

/** Models, configurations and endpoints by name: what they were asked for with. */
type Hosted = Map<string, object>;

/** What a state does instead of its work, the how-manieth time. */
export type Fault = (stateName: string, call: number, signal: AbortSignal) => unknown;

export interface NightlyWorldOptions {
  readonly s3: S3Client;
  readonly objects: Objects;
  readonly config: PipelineConfig;
  /** The handlers that are real; all others answer as if their work had gone well. */
  readonly steps: Readonly<Record<'beginRun' | 'endRun', Step>>;
}

/** How one execution differs from others. */
export interface NightOptions {
  readonly fault?: Fault;
  readonly signal?: AbortSignal;
  /** When the time of the execution is over, whatever its limit; unless given, by the clock. */
  readonly outOfTime?: Promise<void>;
  /** What is deployed otherwise than `definitionFor` has it. */
  readonly deployed?: Partial<NightlyDefinitionProps>;
  /** An execution that was stopped goes on: in which state, with what input, and with the variables of then. */
  readonly redriven?: {
    readonly state: string;
    readonly input: object;
    readonly variables: object;
  };
}

/** The environment of every run. */
export const environmentVersion = 'v1';

/** Their ARNs are their names here. */
const names: Readonly<Record<NightlyFunction, NightlyFunction>> = {
  beginRun: 'beginRun',
  buildSequences: 'buildSequences',
  planEnvironment: 'planEnvironment',
  planVectors: 'planVectors',
  augmentSequences: 'augmentSequences',
  fitRivals: 'fitRivals',
  planTraining: 'planTraining',
  registerModel: 'registerModel',
  evaluateModels: 'evaluateModels',
  planRefit: 'planRefit',
  promoteWinner: 'promoteWinner',
  publishReport: 'publishReport',
  endRun: 'endRun',
};

/** The definition as it is deployed, with short names for what it refers to. */
export function definitionFor(
  config: PipelineConfig,
  deployed: Partial<NightlyDefinitionProps> = {},
): object {
  return nightlyDefinition({
    config,
    bucket: 'data',
    functionArns: names,
    environmentImage: 'lea-environment:1',
    trainerImage: 'lea-trainer:1',
    environmentRoleArn: 'arn:aws:iam::123456789012:role/environment',
    trainerRoleArn: 'arn:aws:iam::123456789012:role/trainer',
    topicArn: 'arn:aws:sns:eu-west-1:123456789012:topic',
    deployment: 'lea-dev',
    partition: 'aws',
    tags: { deployment: 'lea-dev' },
    ...deployed,
  });
}

/** Everything around the nightly definition: real objects and locks, SageMaker as lists of names. */
export class NightlyWorld {
  readonly endpoints: Hosted = new Map();
  readonly endpointConfigs: Hosted = new Map();
  readonly models: Hosted = new Map();
  /** Every training job that was asked for. */
  readonly jobs: {
    readonly name: string;
    readonly instanceType: string;
    readonly output: string;
  }[] = [];
  readonly announced: string[] = [];
  /** What functions were told that jobs and endpoints were paid for. */
  readonly paid: {
    readonly kind: string;
    readonly instanceType: string;
    readonly seconds: number;
  }[] = [];
  /** What the promotions of winners were told. */
  readonly promotions: { readonly run: string; readonly refitFailure: string | null }[] = [];
  /** How executions ended, for whoever asks Step Functions. */
  readonly executions = new Map<string, string>();
  /** States that were visited, by name. */
  readonly visited = new Set<string>();
  /** What SageMaker says of the jobs on an instance type, other than that they have completed. */
  readonly stopped = new Map<string, { TrainingJobStatus: string; SecondaryStatus: string }>();
  /** Instance types that endpoints were tried on. */
  readonly tried: string[] = [];
  /** How many instances each of them was to have. */
  readonly askedOf: number[] = [];
  /** What the estimate says of that. */
  askingInstances = 1;
  /** Every state that an execution entered, and when by `now`. */
  readonly history = new Map<string, { timestamp: number; name?: string; type?: string }[]>();
  /** Seconds; passes only when a test says so. */
  now = 0;
  /** Seconds for which each job is paid. */
  readonly billedSeconds = 360;
  /** How many buckets of users are built one by one; 0 when one function does it all. */
  buckets = 0;
  /** Whether some text has no vector yet. */
  vectorsNeeded = false;
  /** What becomes of endpoints; the reason only matters with `Failed`. */
  endpoint = { status: 'InService', reason: '' };
  /** Instance types that there are none of for endpoints, and what SageMaker says about them. */
  readonly scarce = new Map<string, string>();
  readonly #options: NightlyWorldOptions;

  constructor(options: NightlyWorldOptions) {
    this.#options = options;
  }

  /** Runs the definition once. */
  async run(
    execution: string,
    input: object,
    { fault, signal, outOfTime, deployed, redriven }: NightOptions = {},
  ): Promise<ExecutionResult> {
    this.executions.set(execution, 'RUNNING');
    const definition = definitionFor(this.#options.config, deployed);
    const result = await runStateMachine({
      definition: redriven === undefined ? definition : goingOn(definition, redriven),
      input,
      name: execution,
      resources: this.#resources(fault),
      objects: bucketObjects(this.#options.s3),
      sleep: async (_, waiting) => waiting.throwIfAborted(),
      stopGraceMs: 100,
      // Another test has asl-validator look at the definition; it takes half a second.
      checkLanguage: () => [],
      ...(signal && { signal }),
      ...(outOfTime && {
        afterDelay: (_: number, expire: () => void) => {
          outOfTime.then(expire);
          return { [Symbol.dispose]: () => {} };
        },
      }),
      onEvent: (event) => {
        if (event.type !== 'state-entered') return;
        this.visited.add(event.state);
        const entered = this.history.get(event.execution) ?? [];
        this.history.set(event.execution, entered);
        entered.push({ timestamp: this.now, name: event.state });
      },
    });
    this.executions.set(execution, result.status);
    if (result.status === 'ABORTED') {
      this.history.get(execution)?.push({ timestamp: this.now, type: 'ExecutionAborted' });
    }
    return result;
  }

  /** SageMaker and Step Functions, as functions call them. */
  service(): JsonService {
    const kinds = {
      Endpoint: this.endpoints,
      EndpointConfig: this.endpointConfigs,
      Model: this.models,
    };
    return {
      call: async (operation, input, answer) => {
        const asked = input as Record<string, string>;
        const execution = asked.executionArn?.split(':').at(-1) ?? '';
        if (operation === 'DescribeExecution') {
          return answer.parse({ status: this.executions.get(execution) });
        }
        if (operation === 'GetExecutionHistory') {
          const events = this.history.get(execution)!.map(({ timestamp, type, name }) => ({
            timestamp,
            type,
            stateEnteredEventDetails: name === undefined ? undefined : { name },
          }));
          return answer.parse({ events });
        }
        if (/TrainingJob/.test(operation)) {
          return answer.parse(this.#describeJobs(asked.TrainingJobName));
        }
        const [, verb, kind] = /^(List|Describe|Delete)([A-Za-z]+?)s?$/.exec(operation)!;
        const hosted = kinds[kind as 'Model'];
        const name = asked[`${kind}Name`]!;
        if (verb === 'Describe') return answer.parse(hosted.get(name));
        if (verb === 'Delete') hosted.delete(name);
        const list = [...hosted.keys()].map((one) => ({ [`${kind}Name`]: one, CreationTime: 0 }));
        return answer.parse({ [`${kind}s`]: list });
      },
    };
  }

  #describeJobs(name: string | undefined): object {
    const found = this.jobs.find((job) => job.name === name);
    return found === undefined
      ? { TrainingJobSummaries: this.jobs.map((job) => ({ TrainingJobName: job.name })) }
      : {
          BillableTimeInSeconds: this.billedSeconds,
          OutputDataConfig: { S3OutputPath: found.output },
          ResourceConfig: { InstanceType: found.instanceType, InstanceCount: 1 },
        };
  }

  #resources(fault: Fault | undefined): TaskResources {
    const calls = new Map<string, number>();
    const guarded = (work: (args: TaskArguments, context: TaskContext) => unknown) => {
      return async (args: unknown, context: TaskContext) => {
        const call = (calls.get(context.stateName) ?? 0) + 1;
        calls.set(context.stateName, call);
        await fault?.(context.stateName, call, context.signal);
        context.signal.throwIfAborted();
        return work(args as TaskArguments, context);
      };
    };
    const steps = this.#steps();
    const sagemaker = 'arn:aws:states:::aws-sdk:sagemaker';
    return {
      'arn:aws:states:::lambda:invoke': guarded(async ({ FunctionName, Payload }) => {
        const step = steps[FunctionName];
        try {
          return { Payload: (await step(Payload)) ?? null, StatusCode: 200 };
        } catch (error) {
          const { name, message } = error as Error;
          throw new TaskError(name, JSON.stringify({ errorType: name, errorMessage: message }));
        }
      }),
      'arn:aws:states:::sagemaker:createTrainingJob.sync': guarded((job) => {
        const { TrainingJobName, ResourceConfig, OutputDataConfig } = job;
        const { S3OutputPath: output } = OutputDataConfig;
        const { InstanceType: instanceType } = ResourceConfig;
        this.jobs.push({ name: TrainingJobName, instanceType, output });
        const artefacts = `${OutputDataConfig.S3OutputPath}${TrainingJobName}/output/model/`;
        const completed = {
          TrainingJobName,
          TrainingJobStatus: 'Completed',
          ModelArtifacts: { S3ModelArtifacts: artefacts },
          ResourceConfig,
          BillableTimeInSeconds: this.billedSeconds,
        };
        return { ...completed, ...this.stopped.get(ResourceConfig.InstanceType) };
      }),
      [`${sagemaker}:createModel`]: guarded(create(this.models, 'ModelName')),
      [`${sagemaker}:createEndpointConfig`]: guarded(
        create(this.endpointConfigs, 'EndpointConfigName'),
      ),
      [`${sagemaker}:createEndpoint`]: guarded((request) => {
        create(this.endpoints, 'EndpointName')(request);
        const config = this.endpointConfigs.get(request.EndpointConfigName) as TaskArguments;
        const [variant] = config.ProductionVariants;
        this.tried.push(variant.InstanceType);
        this.askedOf.push(variant.InitialInstanceCount);
        return {};
      }),
      [`${sagemaker}:describeEndpoint`]: guarded((_, { stateName }) => {
        if (calls.get(stateName) === 1) return { EndpointStatus: 'Creating' };
        const shortage = this.scarce.get(this.tried.at(-1)!);
        return shortage === undefined
          ? { EndpointStatus: this.endpoint.status, FailureReason: this.endpoint.reason }
          : { EndpointStatus: 'Failed', FailureReason: shortage };
      }),
      [`${sagemaker}:deleteEndpoint`]: guarded(({ EndpointName }) => {
        if (this.endpoints.delete(EndpointName)) return {};
        throw refused(`Could not find endpoint "${EndpointName}".`);
      }),
      'arn:aws:states:::sns:publish': guarded(({ Subject }) => {
        this.announced.push(Subject);
        return { MessageId: '1' };
      }),
    };
  }

  #trainingPlan(resource: string): object {
    return {
      jobs: ['first', 'second'].map((name) => ({
        name,
        jobName: `${resource}-${name}`,
        hyperParameters: { task: 'train' },
        channels: [{ ChannelName: 'sequences' }],
        checkpointUri: 's3://data/x',
      })),
    };
  }

  #steps(): Record<NightlyFunction, Step> {
    const { objects } = this.#options;
    return {
      ...this.#options.steps,
      buildSequences: async ({ step, run, round }) => {
        if (step === 'settle') return { isSettled: round > 0 };
        if (step !== 'build' && step !== 'join') return {};
        for (let part = 0; part < 6; part++)
          await objects.putBytes(runs.trainShard(run, part), 'x');
        return { buckets: this.buckets };
      },
      planEnvironment: () => ({
        version: environmentVersion,
        fresh: false,
        augmentationNeeded: true,
        channels: [{ ChannelName: 'sequences' }, { ChannelName: 'basemodel' }],
        instances: this.askingInstances,
      }),
      planVectors: () => ({
        needed: this.vectorsNeeded,
        fingerprint: 'f',
        channels: [{ ChannelName: 'catalogue' }],
      }),
      augmentSequences: ({ keys }) => ({ parts: keys }),
      fitRivals: () => ({}),
      planTraining: ({ resource, endpoint }) => {
        if (endpoint !== null) this.paid.push({ kind: 'endpoint', ...endpoint });
        return this.#trainingPlan(resource);
      },
      registerModel: async ({ kind, name, job }) => {
        this.paid.push({ kind, ...job });
        if (kind === 'environment') await objects.putJson(environments.registration(name), {});
        return { prefix: 'x' };
      },
      evaluateModels: () => ({ promote: true }),
      planRefit: ({ resource }) => ({
        job: {
          name: 'first',
          jobName: `${resource}-refit`,
          hyperParameters: { task: 'refit' },
          channels: [{ ChannelName: 'sequences' }],
          checkpointUri: 's3://data/x',
        },
      }),
      promoteWinner: async (payload) => {
        await requireLock(objects, payload.execution);
        this.promotions.push({ run: payload.run, refitFailure: payload.refitFailure });
        return {};
      },
      publishReport: () => ({}),
    };
  }
}

/** A definition that begins in the middle, as Step Functions' redrive does. */
function goingOn(definition: object, redriven: NonNullable<NightOptions['redriven']>): object {
  const { States, ...rest } = definition as { States: Record<string, object> };
  const { state, input, variables } = redriven;
  // Every state has to be led to, also the first one.
  const Redriven = {
    Type: 'Choice',
    Choices: [{ Condition: '{% true %}', Assign: variables, Output: input, Next: state }],
    Default: 'BeginRun',
  };
  return { ...rest, StartAt: 'Redriven', States: { ...States, Redriven } };
}

/** SageMaker keeps names unique. */
function create(hosted: Hosted, field: 'ModelName' | 'EndpointConfigName' | 'EndpointName') {
  return (request: TaskArguments) => {
    const name = request[field];
    if (hosted.has(name)) throw refused(`Cannot create already existing "${name}".`);
    hosted.set(name, request);
    return {};
  };
}

/** Its refusals have one name in Step Functions, whatever they are about. */
function refused(message: string): TaskError {
  return new TaskError('SageMaker.SageMakerException', message);
}
