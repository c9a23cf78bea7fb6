import { Worker } from 'node:worker_threads';
import type { BlendedNetwork } from '#lib/evaluation/network-blend.ts';
import type { NetworkHistories } from '#lib/evaluation/network-histories.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeScorers, encodeScorers } from '#lib/serving/scorers-file.ts';
import type { Folders } from './contract.ts';
import type { HistoriesTask } from './histories-worker.ts';

/** What is being fitted on a thread of its own; ends it when it goes out of scope. */
export interface FittedBeside extends Disposable {
  /** Undefined for a network that is joined with none. */
  readonly histories: Promise<NetworkHistories | undefined>;
}

/** Counts what a network is joined with on all actions (`refitHistories`), while the network itself is fitted. */
export function refitBeside(
  { root }: Folders,
  { histories, network }: BlendedNetwork,
  manifest: SequencesManifest,
): FittedBeside {
  if (histories === undefined) {
    return { histories: Promise.resolve(undefined), [Symbol.dispose]: () => undefined };
  }
  const files = encodeScorers(histories, manifest);
  const worker = new Worker(new URL('./histories-worker.ts', import.meta.url), {
    workerData: { root, files, items: network.shape.items } satisfies HistoriesTask,
    // Only warnings of experimental features are silenced, as for the main thread.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const fitted = new Promise<NetworkHistories>((resolve, reject) => {
    worker.on('message', ({ description, weights }: HistoriesTask['files']) => {
      resolve(decodeScorers(description, weights));
    });
    worker.on('error', reject);
  });
  // Nobody may be waiting for it yet.
  fitted.catch(() => undefined);
  return { histories: fitted, [Symbol.dispose]: () => void worker.terminate() };
}
