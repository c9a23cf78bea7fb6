import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContractError, PipelineError, UnavailableError } from '#lib/contracts/errors.ts';
import { type EnvironmentClient, environmentContentType } from '#lib/environment/client.ts';
import { freePort } from '#local/processes/addresses.ts';
import { Guardian } from '#local/processes/guardian.ts';
import {
  Container,
  type ContainerProgress,
  type ContainerTask,
} from '#local/sagemaker/container.ts';
import { localImages } from '../../one-machine/images.ts';

/** Seconds that a container has for its checkpoint, or to answer what it was asked. */
const GRACE_SECONDS = 60;

/** A training job under SageMaker's contract, in a folder of its own. */
export interface Job {
  readonly image: 'lea-environment' | 'lea-trainer';
  /** In place of `/opt/ml`. */
  readonly root: string;
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** Folders of the input channels. */
  readonly channels: Readonly<Record<string, string>>;
}

/** The product's containers as processes of this machine. */
export class Containers {
  readonly #guardian = new Guardian();
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: ContainerProgress) => void;

  /** @param signal stops what runs; jobs write their checkpoints */
  constructor(signal: AbortSignal, onProgress: (progress: ContainerProgress) => void) {
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /**
   * Runs a job to its end, from its checkpoint if there is one. A job whose model is complete is not run again.
   *
   * @throws PipelineError with the container's own reason, or `Stopped`
   */
  async train(job: Job): Promise<void> {
    if (existsSync(join(job.root, 'model/manifest.json'))) return;
    for (const folder of ['input/config', 'input/data', 'output']) {
      mkdirSync(join(job.root, folder), { recursive: true });
    }
    const hyperparameters = join(job.root, 'input/config/hyperparameters.json');
    writeFileSync(hyperparameters, JSON.stringify(job.hyperparameters));
    for (const [name, folder] of Object.entries(job.channels)) {
      const link = join(job.root, 'input/data', name);
      rmSync(link, { force: true });
      symlinkSync(folder, link);
    }
    const container = this.#start(job.image, 'train', job.root, {});
    const { code } = await this.#untilEnd(container);
    this.#throwIfStopped();
    if (code === 0) return;
    const failure = join(job.root, 'output/failure');
    const reason = existsSync(failure) ? readFileSync(failure, 'utf8') : `exit code ${code}`;
    throw new PipelineError('JobFailed', `${job.root}: ${reason} (see log.txt there)`);
  }

  /**
   * Serves the environment in `root/model` while `work` asks it.
   *
   * @returns CPU seconds that its process took from the moment when it was ready
   */
  async serve(root: string, work: (client: EnvironmentClient) => Promise<void>): Promise<number> {
    const port = await freePort();
    const spent: number[] = [];
    const container = this.#start(
      'lea-environment',
      'serve',
      root,
      { SAGEMAKER_BIND_TO_PORT: String(port) },
      ({ values }) => spent.push(Number(values.cpuSeconds)),
    );
    try {
      await untilReady(container, port, this.#signal);
      await work(httpClient(`http://127.0.0.1:${port}`, this.#signal));
    } finally {
      await container.stop(GRACE_SECONDS);
    }
    return spent.at(-1)! - spent[0]!;
  }

  async close(): Promise<void> {
    await this.#guardian.stop();
  }

  #start(
    match: Job['image'],
    task: ContainerTask,
    root: string,
    environment: Readonly<Record<string, string>>,
    onProgress: (progress: ContainerProgress) => void = () => {},
  ): Container {
    this.#throwIfStopped();
    return new Container({
      name: match,
      image: localImages.find((image) => image.match === match)!,
      task,
      root,
      environment,
      logFile: join(root, 'log.txt'),
      guardian: this.#guardian,
      onProgress: (progress) => {
        onProgress(progress);
        this.#onProgress(progress);
      },
    });
  }

  #untilEnd(container: Container) {
    const stop = () => void container.stop(GRACE_SECONDS);
    this.#signal.addEventListener('abort', stop);
    return container.ended.finally(() => this.#signal.removeEventListener('abort', stop));
  }

  #throwIfStopped(): void {
    if (this.#signal.aborted) throw stopped();
  }
}

const stopped = () =>
  new PipelineError('Stopped', 'The study was stopped; run the same command again to go on.');

async function untilReady(container: Container, port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && container.exit === undefined) {
    const answer = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined);
    if (answer?.status === 200) return;
    if (answer?.status === 500) throw new PipelineError('EndpointFailed', await answer.text());
    await sleep(100);
  }
  if (signal.aborted) throw stopped();
  throw new PipelineError('EndpointFailed', 'The environment ended before it was ready.');
}

function httpClient(url: string, signal: AbortSignal): EnvironmentClient {
  return {
    async augment(request) {
      const response = await fetch(`${url}/invocations`, {
        method: 'POST',
        headers: { 'content-type': environmentContentType },
        body: request as Uint8Array<ArrayBuffer>,
        signal,
      }).catch((cause) => {
        throw signal.aborted ? stopped() : new UnavailableError('No answer.', { cause });
      });
      if (response.status === 200) return new Uint8Array(await response.arrayBuffer());
      const text = `The environment answered ${response.status}: ${await response.text()}`;
      throw response.status < 500 ? new ContractError(text) : new UnavailableError(text);
    },
  };
}
