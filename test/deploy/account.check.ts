import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import * as z from 'zod';
import { createJsonService } from '#platform/json-service.ts';
import type { Commands } from '../account/commands.ts';
import { tryAccount } from '../account/night.ts';
import { temporaryFolder } from '../temporary/folders.ts';
import { emulatedCommands } from './aws-commands.ts';
import { bootstrap, s3Client, stackNames } from './deployed.ts';
import { chooseAddress, type Emulator, startEmulator } from './emulator.ts';
import { type Containers, startContainers } from './night.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dir = temporaryFolder('lea-account');
let containers: Containers;
let emulator: Emulator;
let run: Commands;

beforeAll(async () => {
  const address = await chooseAddress(root, dir);
  const s3 = s3Client(address);
  containers = await startContainers(dir, s3);
  emulator = await startEmulator(root, dir, address, containers);
  await bootstrap(root, dir, emulator);
  run = emulatedCommands({ root, dir, emulator, s3, containers });
});
afterAll(async () => {
  await containers?.stop();
  await emulator?.stop();
});

const said: string[] = [];
/** What `npm run test:account -- --yes --cpu` does, in this account. */
const attempt = (environment: string, commands: Commands) =>
  tryAccount({
    run: commands,
    environment,
    budgetUsd: 5,
    instances: 'cpu',
    maximumMinutes: 60,
    folder: join(dir, environment),
    baseModel: join(root, '.cache/base-models/smollm2-135m-instruct'),
    report: (line) => said.push(line),
    signal: new AbortController().signal,
    pollMilliseconds: 500,
  });

/** What a deployment has left in the account. */
async function left(environment: string): Promise<string[]> {
  const sagemaker = createJsonService('sagemaker', emulator.environment);
  const models = z.looseObject({ Models: z.array(z.looseObject({ ModelName: z.string() })) });
  const { Models } = await sagemaker.call('ListModels', {}, models);
  const endpoints = containers.sagemaker.endpoints.list().map(({ name }) => name);
  const named = [...endpoints, ...Models.map(({ ModelName }) => ModelName)];
  const stacks = await stackNames(emulator);
  return [...stacks, ...named].filter((name) => name.startsWith(`lea-${environment}-`));
}

describe('The account’s test, on an emulator', () => {
  it('deploys, runs a night, recommends, says what it cost, and leaves nothing', async () => {
    onTestFailed(() => console.error(said.join('\n')));
    // Act
    const usd = await attempt('account-a', run);
    // Assess
    expect(usd).toBeGreaterThan(0);
    const told = said.join('\n');
    for (const line of ['Step Functions accepts', 'the night succeeded', 'recommends: [', 'cost $'])
      expect(told).toContain(line);
    expect(await left('account-a')).toStrictEqual([]);
  });

  it('leaves nothing of a deployment whose night fails either', async () => {
    // Arrange
    const failing: Commands = async (program, args, ...more) => {
      if (args[1] === 'start-execution') throw new Error('no night tonight');
      return run(program, args, ...more);
    };
    // Act
    const trying = attempt('account-b', failing);
    // Assess
    await expect(trying).rejects.toThrow('no night tonight');
    expect(await left('account-b')).toStrictEqual([]);
  });
});
