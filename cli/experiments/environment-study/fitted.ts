import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { EnvironmentConfig } from '#lib/contracts/config/environment.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { partFile } from '#lib/contracts/keys.ts';
import {
  type AugmentedShard,
  decodeAugmentedShard,
  encodeAugmentedShard,
} from '#lib/environment/augmented-shard.ts';
import {
  decodeEnvironmentResponse,
  type EnvironmentClient,
  encodeEnvironmentRequest,
} from '#lib/environment/client.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { writeWhole } from '../whole-file.ts';
import type { Containers } from './containers.ts';

/** Requests that are with the environment at the same time, so that it never waits for one. */
const CONCURRENCY = 2;

/** What it cost to ask an environment about all training sequences. */
export interface Asked {
  readonly transitions: number;
  readonly cpuSeconds: number;
}

/** What an environment is fitted with. */
export interface FittedEnvironment {
  /** Folder with one Hugging Face folder for each base model. */
  readonly baseModels: string;
  readonly environment: EnvironmentConfig;
  readonly window: number;
}

/**
 * Fits an environment on the sequences, unless that is done.
 *
 * @param sequences a run's `sequences/` folder
 * @returns the container's `metrics.json`
 * @throws MissingArtefactError without the base model's folder
 */
export async function fitEnvironment(
  containers: Containers,
  { baseModels, environment, window }: FittedEnvironment,
  sequences: string,
  root: string,
): Promise<Record<string, unknown>> {
  const basemodel = join(baseModels, environment.baseModel);
  if (!existsSync(basemodel)) {
    throw new MissingArtefactError(`${basemodel} is missing: put the base model's folder there.`);
  }
  await containers.train({
    image: 'lea-environment',
    root: resolve(root),
    hyperparameters: {
      config: JSON.stringify(environment),
      window: String(window),
    },
    channels: { sequences, basemodel },
  });
  return readJson(join(root, 'model/metrics.json'));
}

/** Asks about every training shard that is not there yet, and adds up what it cost. */
export async function askEnvironment(
  containers: Containers,
  { candidates }: Pick<EnvironmentConfig, 'candidates'>,
  shards: BuiltSequences['shards'],
  environment: string,
  folder: string,
): Promise<Asked> {
  mkdirSync(folder, { recursive: true });
  const costFile = join(dirname(folder), 'augmentation.json');
  const before: Asked = existsSync(costFile)
    ? readJson(costFile)
    : { transitions: 0, cpuSeconds: 0 };
  const fileOf = (part: number) => join(folder, partFile(part));
  const missing = shards.map((_, part) => part).filter((part) => !existsSync(fileOf(part)));
  if (missing.length === 0) return before;
  let transitions = 0;
  const ask = async (client: EnvironmentClient) => {
    for (let part = missing.shift(); part !== undefined; part = missing.shift()) {
      const shard = shards[part]!;
      const response = await client.augment(encodeEnvironmentRequest(shard, candidates));
      const augmented = decodeEnvironmentResponse(response, shard, { candidates });
      await writeFile(`${fileOf(part)}.tmp`, encodeAugmentedShard(augmented));
      await rename(`${fileOf(part)}.tmp`, fileOf(part));
      transitions += augmented.rewards.length;
    }
  };
  let failure: unknown;
  const cpuSeconds = await containers.serve(resolve(environment), async (client) => {
    await Promise.all(Array.from({ length: CONCURRENCY }, () => ask(client))).catch((error) => {
      failure = error; // what was answered is there, and has cost what it has cost
    });
  });
  const cost: Asked = {
    transitions: before.transitions + transitions,
    cpuSeconds: before.cpuSeconds + cpuSeconds,
  };
  writeWhole(costFile, cost);
  if (failure !== undefined) throw failure;
  return cost;
}

/** The answers in a folder, in the order of the shards. */
export const readAnswers = (folder: string, shards: number): AugmentedShard[] =>
  Array.from({ length: shards }, (_, part) =>
    decodeAugmentedShard(readFileSync(join(folder, partFile(part)))),
  );

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
