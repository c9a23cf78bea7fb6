import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Upload } from '@aws-sdk/lib-storage';
import type { Champion } from '#lib/contracts/champion.ts';
import { runs, serving, uploads } from '#lib/contracts/keys.ts';
import { lockHolder, releaseLock } from '#lib/contracts/lock.ts';
import { runStatus } from '#lib/contracts/run.ts';
import { usersOfPart } from '#lib/sequences/everybody.ts';
import { everybodyManifest } from '#lib/sequences/everybody-files.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import type { Cloud } from '#local/cloud.ts';
import { runStateMachine } from '#local/state-machine/run.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { generateInteractions } from './interactions.ts';

/** What names of functions begin with. */
export const functionPrefix = 'lea-dev-';
/** The run, and the only model of its configuration. */
const run = 'bench';
export const model = 'a';
/** The rival that makes the lists: what most is joined in. */
const rival = 'all-x-recent';
/** Rows of a file: what is compressed is not cut, and may have 64 MiB. */
const rowsOfFile = 2_000_000;
/** A name of the lists, 16 hexadecimal digits. */
const batch = '0'.repeat(16);

export interface Data {
  readonly interactions: number;
  readonly items: number;
}

export interface Step {
  readonly name: string;
  /** @returns the share of its whole work that was done, where that is less */
  take(cloud: Cloud, objects: Objects, data: Data, dir: string): Promise<{ share: number }>;
}

const all = { share: 1 };

export const steps: readonly Step[] = [
  {
    name: 'ingestion',
    async take(cloud, _, data, dir) {
      await mkdir(dir, { recursive: true });
      let chunks: string[] = [];
      let header = '';
      let rows = 0;
      let files = 0;
      const flush = async () => {
        const file = join(dir, 'interactions.csv.gz');
        await pipeline(Readable.from([header, ...chunks]), createGzip(), createWriteStream(file));
        const Key = `${uploads.logsPrefix}interactions-${files++}.csv.gz`;
        const Bucket = cloud.outputs.DataBucketName!;
        const Body = createReadStream(file);
        await new Upload({ client: cloud.s3, params: { Bucket, Key, Body } }).done();
        chunks = [];
        rows = 0;
      };
      for (const chunk of generateInteractions({ ...data, seed: 1 })) {
        if (header === '') {
          header = chunk;
          continue;
        }
        chunks.push(chunk);
        rows += chunk.split('\n').length - 1;
        if (rows >= rowsOfFile) await flush();
      }
      if (rows > 0) await flush();
      const dead = await cloud.drained();
      if (dead.some(({ messages }) => messages > 0)) throw new Error(JSON.stringify(dead));
      return all;
    },
  },
  {
    name: 'begin and build',
    take: async (cloud, objects) => {
      const isBuilt = new AbortController();
      // Of a call that was killed here.
      const holder = await lockHolder(objects);
      if (holder !== undefined) await releaseLock(objects, holder.execution, new Date());
      const resume = (await objects.getVersion(runs.status(run), runStatus)) !== undefined;
      const result = await runStateMachine({
        definition: cloud.stateMachine,
        input: { run, resume },
        name: run,
        resources: cloud.resources,
        objects: cloud.objects,
        onEvent: ({ type, path }) => {
          // The first state after those that build.
          if (type === 'state-entered' && path === 'PlanEnvironment') isBuilt.abort();
        },
        signal: isBuilt.signal,
      });
      if (!isBuilt.signal.aborted) throw new Error(`It failed: ${result.error} ${result.cause}`);
      return all;
    },
  },
  {
    name: 'rivals',
    take: async (cloud) => {
      await invoke(cloud, 'fit-rivals', { run, step: 'fit' });
      return all;
    },
  },
  {
    name: 'ranking rivals',
    take: async (cloud) => {
      await invoke(cloud, 'fit-rivals', { run, step: 'rank' });
      return all;
    },
  },
  {
    // Everything is compared; a network that never finds anything stands for a trained one.
    name: 'evaluation',
    take: async (cloud, objects) => {
      const resource = `lea-dev--${run}-1`;
      await invoke(cloud, 'plan-training', { run, resource, endpoint: null });
      const cases = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
      const none = (count: number) => new Uint8Array(4 * count);
      await objects.putBytes(
        runs.modelRanks(run, model, 'validation'),
        none(cases.validationCases),
      );
      await objects.putBytes(runs.modelRanks(run, model, 'test'), none(cases.testCases));
      await objects.putBytes(runs.modelLists(run, model), none(10 * cases.testCases));
      await objects.putJson(runs.modelManifest(run, model), { task: 'train', recipe: 'none' });
      await invoke(cloud, 'evaluate-models', { run });
      return all;
    },
  },
  {
    // The lists of the first and of the last part of the users.
    name: 'lists',
    take: async (cloud, objects) => {
      const files = runs.modelPrefix(run, rival);
      const champion: Champion = {
        ...{ run, name: rival, judged: files, serving: files },
        ...{ ndcg10: 0, promotedAt: '2026-11-29T05:00:00.000Z' },
      };
      await objects.putJson(serving.champion, champion);
      const { users: everybody, parts } = await objects.getJson(
        runs.everybodyManifest(run),
        everybodyManifest,
      );
      let users = 0;
      for (const part of new Set([0, parts - 1])) {
        const message = { kind: 'part', run, champion, batch, part, parts };
        const body = JSON.stringify(message);
        const answer = await invoke(cloud, 'recommend-batch', {
          Records: [{ messageId: String(part), body }],
        });
        const { batchItemFailures } = answer as { batchItemFailures: unknown[] };
        if (batchItemFailures.length > 0) throw new Error(`Part ${part} of the lists failed.`);
        users += part < parts - 1 ? usersOfPart : everybody - (parts - 1) * usersOfPart;
      }
      return { share: users / everybody };
    },
  },
];

async function invoke(cloud: Cloud, name: string, event: unknown): Promise<unknown> {
  const result = await cloud.functions.get(`${functionPrefix}${name}`).invoke(event);
  if ('error' in result) throw new Error(`${name}: ${result.error.errorMessage}`);
  return result.payload;
}

export const objectsOf = (cloud: Cloud): Objects =>
  createObjects(cloud.s3, cloud.outputs.DataBucketName!);
