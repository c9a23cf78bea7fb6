import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { startObjectStore } from '#local/object-store/server.ts';
import { createObjects } from '#platform/objects.ts';
import { bundleFunctions } from '#stacks/bundles.ts';
import { buildTensorflowLayer } from '../../layers/tensorflow/layer.ts';
import { root } from '../../setup/paths.mjs';
import { crown } from '../lambda/champion.ts';
import { bundleOf, environmentOf } from '../lambda/function.ts';
import { startInstance } from '../lambda/instance.ts';
import { nothingTaken, type Taken } from './stopwatch.ts';

/** The answers of some processes. */
export interface Answers extends Taken {
  /** Milliseconds from the start of each process to its first answer. */
  readonly first: number[];
}

/** The function `recommend` over the one-machine S3, with the layer of WebAssembly kernels and without it, by turns. */
export async function measureFunction(asked: {
  readonly items: number;
  /** Of each process, after the first. */
  readonly requests: number;
  /** New processes. */
  readonly rounds: number;
}): Promise<{ readonly name: string; readonly ours: Answers; readonly peer: Answers }[]> {
  const { items, requests, rounds } = asked;
  const folder = mkdtempSync(join(tmpdir(), 'bench-serving-'));
  const store = await startObjectStore({ dir: join(folder, 'objects') });
  try {
    store.createBucket('data');
    bundleFunctions(root);
    const [ours, peer] = [
      environmentOf(store, buildTensorflowLayer(root)),
      environmentOf(store, '/nowhere'),
    ];
    Object.assign(process.env, ours);
    const objects = createObjects(new S3Client({ forcePathStyle: true }), 'data');
    const results = [];
    for (const kind of ['network', 'joined'] as const) {
      const window = await crown(objects, items, kind);
      const nobody = (): Answers => ({ ...nothingTaken(), first: [] });
      const turns = [
        { environment: ours, taken: nobody() },
        { environment: peer, taken: nobody() },
      ] as const;
      for (let round = 0; round < rounds; round++) {
        for (const { environment, taken } of turns) {
          const each = Math.ceil(requests / rounds);
          const started = await startInstance(bundleOf('recommend'), environment, {
            requests: each + 1,
            items,
            window,
          });
          taken.first.push(started.firstAnswer!);
          taken.clock.push(...started.later);
          taken.processor.push(...started.laterProcessor);
        }
      }
      const name = `recommend, ${kind}, ${items} items, window ${window}`;
      results.push({ name, ours: turns[0].taken, peer: turns[1].taken });
    }
    return results;
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true });
  }
}
