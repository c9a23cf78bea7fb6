import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exposedAddress, freePort, loopback } from '../processes/addresses.ts';
import { Container } from './container.ts';
import { removeFolder } from './folders.ts';
import type { SageMakerOptions } from './options.ts';
import type { CreateEndpointConfigRequest, CreateModelRequest } from './requests.ts';
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

/** What an endpoint is made of. */
export interface EndpointParts {
  readonly name: string;
  readonly arn: string;
  readonly configName: string;
  readonly model: CreateModelRequest;
  readonly variant: CreateEndpointConfigRequest['ProductionVariants'][number];
}

/**
 * One endpoint: a process that serves its model, from its creation on until it is deleted. It answers for all instances
 * that are asked for: more of them would share the machine that one has.
 */
export class Endpoint {
  readonly #parts: EndpointParts;
  readonly #options: SageMakerOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #description: EndpointDescription;
  #url: string | undefined;
  #graceSeconds = stopGraceSeconds;

  /** Starts at once; it is `Creating` until its container answers `/ping`. */
  constructor(parts: EndpointParts, options: SageMakerOptions) {
    this.#parts = parts;
    this.#options = options;
    const now = Date.now();
    this.#description = {
      EndpointName: parts.name,
      EndpointArn: parts.arn,
      EndpointConfigName: parts.configName,
      EndpointStatus: 'Creating',
      ProductionVariants: this.#variants(0),
      CreationTime: now,
      LastModifiedTime: now,
    };
    this.#done = this.#run();
  }

  get description(): EndpointDescription {
    return this.#description;
  }

  /** Where it listens while it is in service. */
  get url(): string | undefined {
    return this.#url;
  }

  get variantName(): string {
    return this.#parts.variant.VariantName;
  }

  /**
   * Resolves when nothing of it is left.
   *
   * @param graceSeconds between SIGTERM and SIGKILL
   */
  async delete(graceSeconds = stopGraceSeconds): Promise<void> {
    this.#graceSeconds = graceSeconds;
    this.#update({ EndpointStatus: 'Deleting' });
    this.#stop.abort();
    await this.#done;
  }

  #variants(CurrentInstanceCount: number) {
    return [{ VariantName: this.#parts.variant.VariantName, CurrentInstanceCount }];
  }

  #update(change: Partial<EndpointDescription>): void {
    this.#description = { ...this.#description, ...change, LastModifiedTime: Date.now() };
  }

  async #run(): Promise<void> {
    const { s3, dir } = this.#options;
    const root = join(dir, 'endpoints', this.#parts.name);
    try {
      await rm(root, { recursive: true, force: true });
      const { S3Uri } = this.#parts.model.PrimaryContainer.ModelDataSource.S3DataSource;
      const files = await downloadPrefix(s3, S3Uri, join(root, 'model'), this.#stop.signal);
      if (files === 0) throw new Error(`Could not find model data at ${S3Uri}.`);
      await this.#serve(root);
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        const FailureReason = (error as Error).message;
        this.#update({ EndpointStatus: 'Failed', FailureReason });
      }
    }
    await removeFolder(root, this.#options);
  }

  /** Keeps a container running until the endpoint is deleted; one that dies in service is started again. */
  async #serve(root: string): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const port = await freePort();
      const container = this.#container(root, port);
      try {
        await this.#untilHealthy(container, port);
        await this.#throwIfExposed(port);
        this.#url = `http://${loopback}:${port}`;
        const { InitialInstanceCount } = this.#parts.variant;
        const variants = this.#variants(InitialInstanceCount);
        this.#update({ EndpointStatus: 'InService', ProductionVariants: variants });
        await Promise.race([container.ended, aborted(signal)]);
      } finally {
        this.#url = undefined;
        await container.stop(this.#graceSeconds);
      }
      signal.throwIfAborted();
      this.#options.onWarning(`The container of ${this.#parts.name} ended; restarting it.`);
    }
  }

  #container(root: string, port: number): Container {
    const { region, image, guardian, onProgress, onWarning, logs } = this.#options;
    const { name, model } = this.#parts;
    const { Image, Environment } = model.PrimaryContainer;
    return new Container({
      name,
      image: image(Image),
      task: 'serve',
      root,
      environment: {
        AWS_REGION: region,
        SAGEMAKER_BIND_TO_PORT: String(port),
        ...Environment,
      },
      logFile: join(logs, `${name}.log`),
      guardian,
      onProgress,
      onWarning,
    });
  }

  /** @throws Error when the container lets other machines in, who need no key for it */
  async #throwIfExposed(port: number): Promise<void> {
    const address = await exposedAddress(port);
    if (address === undefined) return;
    throw new Error(
      `The primary container listens on ${address}, too, where others reach it: it must listen on BIND_TO_HOST, ${loopback}, alone.`,
    );
  }

  /** @throws Error when the container ends, or does not answer `/ping` with 200 in time */
  async #untilHealthy(container: Container, port: number): Promise<void> {
    const { VariantName, ContainerStartupHealthCheckTimeoutInSeconds: seconds } =
      this.#parts.variant;
    const deadline = Date.now() + seconds * 1000;
    while (Date.now() < deadline) {
      this.#stop.signal.throwIfAborted();
      if (container.exit !== undefined) {
        const { code, signal: killed, error } = container.exit;
        const how = error?.message ?? (killed === null ? `exit code ${code}` : `signal ${killed}`);
        throw new Error(
          `The primary container for production variant ${VariantName} did not pass the ping health check: it ended (${how}). See its log.`,
        );
      }
      if (await answersPing(port)) return;
      await sleep(100);
    }
    throw new Error(
      `The primary container for production variant ${VariantName} did not pass the ping health check in ${seconds} s. See its log.`,
    );
  }
}

async function answersPing(port: number): Promise<boolean> {
  try {
    const url = `http://${loopback}:${port}/ping`;
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
