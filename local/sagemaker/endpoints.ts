import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from './container.ts';
import { SageMakerError } from './errors.ts';
import type { Listed } from './listing.ts';
import {
  type CreateEndpointConfigRequest,
  type CreateModelRequest,
  createEndpointConfigRequest,
  createEndpointRequest,
  createModelRequest,
  parseRequest,
} from './requests.ts';
import type { SageMakerOptions } from './sagemaker.ts';
import { downloadPrefix } from './transfer.ts';

/** Seconds between SIGTERM and SIGKILL. */
const stopGraceSeconds = 30;

/** What DescribeEndpoint answers; times in Unix milliseconds, as Step Functions gives them. */
export interface EndpointDescription {
  readonly EndpointName: string;
  readonly EndpointArn: string;
  readonly EndpointConfigName: string;
  readonly EndpointStatus: 'Creating' | 'InService' | 'Deleting' | 'Failed';
  readonly FailureReason?: string;
  readonly ProductionVariants: readonly { VariantName: string; CurrentInstanceCount: number }[];
  readonly CreationTime: number;
  readonly LastModifiedTime: number;
}

interface Endpoint {
  description: EndpointDescription;
  readonly model: CreateModelRequest;
  readonly variant: CreateEndpointConfigRequest['ProductionVariants'][number];
  readonly stop: AbortController;
  /** Where the container listens, while it does. */
  url: string | undefined;
  readonly done: Promise<void>;
}

interface Created {
  /** Unix milliseconds. */
  readonly CreationTime: number;
}

/** Models, endpoint configurations and endpoints; an endpoint is a process that serves its model. */
export class Endpoints {
  readonly #options: SageMakerOptions;
  readonly #models = new Map<string, CreateModelRequest & Created>();
  readonly #configs = new Map<string, CreateEndpointConfigRequest & Created>();
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(options: SageMakerOptions) {
    this.#options = options;
  }

  createModel(args: unknown): { ModelArn: string } {
    const request = parseRequest(createModelRequest, 'CreateModel', args);
    const arn = this.#arn('model', request.ModelName);
    if (this.#models.has(request.ModelName)) {
      throw invalid(`Cannot create already existing model "${arn}".`);
    }
    this.#options.image(request.PrimaryContainer.Image);
    this.#models.set(request.ModelName, { ...request, CreationTime: Date.now() });
    return { ModelArn: arn };
  }

  deleteModel(name: string): void {
    if (this.#models.delete(name)) return;
    throw invalid(`Could not find model "${this.#arn('model', name)}".`);
  }

  createConfig(args: unknown): { EndpointConfigArn: string } {
    const request = parseRequest(createEndpointConfigRequest, 'CreateEndpointConfig', args);
    const arn = this.#arn('endpoint-config', request.EndpointConfigName);
    if (this.#configs.has(request.EndpointConfigName)) {
      throw invalid(`Cannot create already existing endpoint configuration "${arn}".`);
    }
    for (const { ModelName } of request.ProductionVariants) {
      if (this.#models.has(ModelName)) continue;
      throw invalid(`Could not find model "${this.#arn('model', ModelName)}".`);
    }
    this.#configs.set(request.EndpointConfigName, { ...request, CreationTime: Date.now() });
    return { EndpointConfigArn: arn };
  }

  deleteConfig(name: string): void {
    if (this.#configs.delete(name)) return;
    const arn = this.#arn('endpoint-config', name);
    throw invalid(`Could not find endpoint configuration "${arn}".`);
  }

  /** Returns at once; the endpoint is `Creating` until its container answers `/ping`. */
  create(args: unknown): { EndpointArn: string } {
    const { EndpointName, EndpointConfigName } = parseRequest(
      createEndpointRequest,
      'CreateEndpoint',
      args,
    );
    const arn = this.#arn('endpoint', EndpointName);
    if (this.#endpoints.has(EndpointName)) {
      throw invalid(`Cannot create already existing endpoint "${arn}".`);
    }
    const variant = this.#configs.get(EndpointConfigName)?.ProductionVariants[0];
    if (variant === undefined) {
      const config = this.#arn('endpoint-config', EndpointConfigName);
      throw invalid(`Could not find endpoint configuration "${config}".`);
    }
    const model = this.#models.get(variant.ModelName);
    if (model === undefined) {
      throw invalid(`Could not find model "${this.#arn('model', variant.ModelName)}".`);
    }
    const now = Date.now();
    const endpoint: Endpoint = {
      model,
      variant,
      stop: new AbortController(),
      url: undefined,
      description: {
        EndpointName,
        EndpointArn: arn,
        EndpointConfigName,
        EndpointStatus: 'Creating',
        ProductionVariants: [{ VariantName: variant.VariantName, CurrentInstanceCount: 0 }],
        CreationTime: now,
        LastModifiedTime: now,
      },
      done: Promise.resolve().then(() => this.#run(endpoint)),
    };
    this.#endpoints.set(EndpointName, endpoint);
    return { EndpointArn: arn };
  }

  describe(name: string): EndpointDescription {
    return this.#endpoint(name).description;
  }

  list(): Listed[] {
    return [...this.#endpoints.values()].map(({ description }) => ({
      name: description.EndpointName,
      arn: description.EndpointArn,
      status: description.EndpointStatus,
      createdAt: description.CreationTime,
      modifiedAt: description.LastModifiedTime,
    }));
  }

  listModels(): Listed[] {
    return [...this.#models.values()].map(({ ModelName, CreationTime }) => ({
      name: ModelName,
      arn: this.#arn('model', ModelName),
      createdAt: CreationTime,
    }));
  }

  listConfigs(): Listed[] {
    return [...this.#configs.values()].map(({ EndpointConfigName, CreationTime }) => ({
      name: EndpointConfigName,
      arn: this.#arn('endpoint-config', EndpointConfigName),
      createdAt: CreationTime,
    }));
  }

  /** Resolves when nothing of the endpoint is left: one machine has no second instance for what comes next. */
  async delete(name: string): Promise<void> {
    const endpoint = this.#endpoint(name);
    this.#update(endpoint, { EndpointStatus: 'Deleting' });
    endpoint.stop.abort();
    await endpoint.done;
    this.#endpoints.delete(name);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#endpoints.keys()].map((name) => this.delete(name)));
  }

  /** Where an endpoint that is in service listens; undefined when there is none of this name. */
  address(name: string): { url: string; variant: string } | undefined {
    const endpoint = this.#endpoints.get(name);
    if (endpoint?.url === undefined) return undefined;
    return { url: endpoint.url, variant: endpoint.variant.VariantName };
  }

  #arn(kind: string, name: string): string {
    const { region, account } = this.#options;
    return `arn:aws:sagemaker:${region}:${account}:${kind}/${name}`;
  }

  #endpoint(name: string): Endpoint {
    const endpoint = this.#endpoints.get(name);
    if (endpoint !== undefined) return endpoint;
    throw invalid(`Could not find endpoint "${this.#arn('endpoint', name)}".`);
  }

  #update(endpoint: Endpoint, change: Partial<EndpointDescription>): void {
    endpoint.description = { ...endpoint.description, ...change, LastModifiedTime: Date.now() };
  }

  async #run(endpoint: Endpoint): Promise<void> {
    const { EndpointName } = endpoint.description;
    const root = join(this.#options.dir, 'endpoints', EndpointName);
    try {
      await rm(root, { recursive: true, force: true });
      const { S3Uri } = endpoint.model.PrimaryContainer.ModelDataSource.S3DataSource;
      const files = await downloadPrefix(
        this.#options.s3,
        S3Uri,
        join(root, 'model'),
        endpoint.stop.signal,
      );
      if (files === 0) throw new Error(`Could not find model data at ${S3Uri}.`);
      await this.#serve(endpoint, root);
    } catch (error) {
      endpoint.url = undefined;
      if (!endpoint.stop.signal.aborted) {
        const FailureReason = (error as Error).message;
        this.#update(endpoint, { EndpointStatus: 'Failed', FailureReason });
      }
    } finally {
      if (!this.#options.keepFolders) await rm(root, { recursive: true, force: true });
    }
  }

  /** Keeps a container running until the endpoint is deleted; one that dies in service is started again. */
  async #serve(endpoint: Endpoint, root: string): Promise<void> {
    const { signal } = endpoint.stop;
    for (;;) {
      const port = await freePort();
      const container = this.#container(endpoint, root, port);
      try {
        await this.#untilHealthy(endpoint, container, port);
        endpoint.url = `http://127.0.0.1:${port}`;
        this.#update(endpoint, {
          EndpointStatus: 'InService',
          ProductionVariants: [
            { VariantName: endpoint.variant.VariantName, CurrentInstanceCount: 1 },
          ],
        });
        await Promise.race([container.ended, aborted(signal)]);
      } finally {
        endpoint.url = undefined;
        await container.stop(stopGraceSeconds);
      }
      signal.throwIfAborted();
      this.#options.onWarning(
        `The container of ${endpoint.description.EndpointName} ended; restarting it.`,
      );
    }
  }

  #container(endpoint: Endpoint, root: string, port: number): Container {
    const { EndpointName } = endpoint.description;
    const { Image, Environment } = endpoint.model.PrimaryContainer;
    return new Container({
      name: EndpointName,
      image: this.#options.image(Image),
      task: 'serve',
      root,
      environment: {
        AWS_REGION: this.#options.region,
        SAGEMAKER_BIND_TO_PORT: String(port),
        ...Environment,
      },
      logFile: join(this.#options.logs, `${EndpointName}.log`),
      guardian: this.#options.guardian,
      onProgress: this.#options.onProgress,
    });
  }

  /** @throws Error when the container ends, or does not answer `/ping` with 200 in time */
  async #untilHealthy(endpoint: Endpoint, container: Container, port: number): Promise<void> {
    const seconds = endpoint.variant.ContainerStartupHealthCheckTimeoutInSeconds;
    const deadline = Date.now() + seconds * 1000;
    const { signal } = endpoint.stop;
    while (Date.now() < deadline) {
      signal.throwIfAborted();
      if (container.exit !== undefined) {
        const { code, signal: killed, error } = container.exit;
        const how = error?.message ?? (killed === null ? `exit code ${code}` : `signal ${killed}`);
        throw new Error(
          `The primary container for production variant ${endpoint.variant.VariantName} did not pass the ping health check: it ended (${how}). See its log.`,
        );
      }
      if (await answersPing(port)) return;
      await sleep(100);
    }
    throw new Error(
      `The primary container for production variant ${endpoint.variant.VariantName} did not pass the ping health check in ${seconds} s. See its log.`,
    );
  }
}

async function answersPing(port: number): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${port}/ping`;
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** A port that is free now; whoever binds next may take it, so it is used at once. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

function invalid(message: string): SageMakerError {
  return new SageMakerError('ValidationException', message);
}
