import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cloud, type CloudOptions, startCloud } from '#local/cloud.ts';
import { FolderInUse } from '#local/errors.ts';
import type { BatchFailure } from '#local/events/queue-source.ts';
import type { ContainerProgress } from '#local/sagemaker/container.ts';
import { synthesise } from './assembly.ts';
import { localImages } from './images.ts';
import type { Progress } from './progress.ts';

/** A folder of nights, and the configuration that its cloud is deployed with. */
export interface NightCloud {
  readonly out: string;
  /** The configuration file's text. */
  readonly configText: string;
  /** Told how far jobs are. */
  readonly onContainer?: (container: ContainerProgress) => void;
}

/**
 * Starts the cloud of a folder, works with it and stops it, whatever comes of the work; of two failures the work's counts.
 *
 * @throws FolderInUse while somebody else works in the folder
 */
export async function withNightCloud<Result>(
  { out, configText, onContainer = () => {} }: NightCloud,
  progress: Progress,
  signal: AbortSignal,
  work: (cloud: Cloud) => Promise<Result>,
): Promise<Result> {
  const configFile = join(out, 'config.json');
  mkdirSync(out, { recursive: true });
  writeFileSync(configFile, configText);
  const begun = Date.now();
  const assembly = await synthesise(configFile, signal);
  progress.done('making this machine ready', (Date.now() - begun) / 1000);
  const options = {
    assembly,
    dir: join(out, 'cloud'),
    images: localImages,
    onProgress: onContainer,
    onBatchFailure: (failure: BatchFailure) => progress.say(describeFailure(failure)),
    onWarning: (message: string) => progress.say(message),
    redeliverySeconds: 2,
  };
  const cloud = await startWhenFree(options, progress, signal);
  let result: Result;
  try {
    result = await work(cloud);
  } catch (error) {
    await cloud.stop().catch((failure: Error) => progress.say(failure.message));
    throw error;
  }
  await cloud.stop();
  return result;
}

/** A run that was just killed needs a moment to end its processes and to let go of the folder. */
async function startWhenFree(
  options: CloudOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Cloud> {
  const until = Date.now() + 20_000;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await startCloud(options);
    } catch (error) {
      if (!(error instanceof FolderInUse) || Date.now() > until) throw error;
      if (isFirst) progress.say(`${error.message} Waiting for 20 s.`);
      await sleep(500, undefined, { signal });
    }
  }
}

function describeFailure({ function: name, messages, givenUp, reason }: BatchFailure): string {
  if (givenUp === 0) return `${name} failed and is tried again: ${reason}`;
  const what = givenUp === messages ? '' : ` on ${givenUp} of ${messages} messages`;
  return `${name} failed${what} for the last time, and is not tried again: ${reason}`;
}
