import { Worker } from 'node:worker_threads';
import type { Batch } from './batch.ts';
import { type BatchSource, type BatchSourceOptions, createBatchSource } from './batch-source.ts';
import type { BatchRequest } from './batch-worker.ts';

/** Batches that somebody else prepares. */
export interface AsyncBatchSource {
  /** Steps of an epoch, counted from 1. */
  steps(epoch: number): Promise<number>;
  /** Batch `index` (from 0) of an epoch. */
  assemble(epoch: number, index: number): Promise<Batch>;
  close(): Promise<void>;
}

/** Batches that are prepared ahead of the step that needs them. */
const ahead = 4;

/**
 * Prepares batches on a thread of its own while the training thread is busy with a step, so that no step waits. The
 * batches are those of `createBatchSource`. The rows' memory is shared, not copied (see `collectRows`).
 *
 * An error on the thread is thrown to whoever waits, and to whoever asks later.
 */
export function createThreadedSource(options: BatchSourceOptions): AsyncBatchSource {
  const worker = new Worker(new URL('./batch-worker.ts', import.meta.url), {
    workerData: options,
    // Only warnings of experimental features are silenced, as for the main thread.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const waiting = new Map<string, PromiseWithResolvers<Batch | number>>();
  const planned = new Map<number, number>();
  let failure: Error | undefined;
  const keyOf = ({ epoch, index }: BatchRequest) => `${epoch}/${index ?? 'steps'}`;
  const ask = (request: BatchRequest): Promise<Batch | number> => {
    const key = keyOf(request);
    const asked = waiting.get(key);
    if (asked !== undefined) return asked.promise;
    const answer = Promise.withResolvers<Batch | number>();
    // Nobody may be waiting yet for a batch that is prepared ahead.
    answer.promise.catch(() => undefined);
    waiting.set(key, answer);
    if (failure === undefined) worker.postMessage(request);
    else answer.reject(failure);
    return answer.promise;
  };
  worker.on('message', (answer: BatchRequest & { batch?: Batch; steps?: number }) => {
    waiting.get(keyOf(answer))?.resolve(answer.batch ?? answer.steps ?? 0);
  });
  worker.on('error', (error) => {
    failure = error;
    for (const { reject } of waiting.values()) reject(error);
  });
  const steps = async (epoch: number) => {
    const known = planned.get(epoch) ?? ((await ask({ epoch, index: undefined })) as number);
    planned.set(epoch, known);
    return known;
  };
  return {
    steps,
    async assemble(epoch, index) {
      const own = ask({ epoch, index });
      const count = await steps(epoch);
      for (let next = index + 1; next <= Math.min(index + ahead, count - 1); next++) {
        void ask({ epoch, index: next });
      }
      // The next epoch has to be planned before its first batch is there.
      if (index + ahead >= count) void ask({ epoch: epoch + 1, index: 0 });
      const batch = (await own) as Batch;
      waiting.delete(keyOf({ epoch, index }));
      return batch;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

/** The same interface on the calling thread. */
export function createDirectSource(options: BatchSourceOptions): AsyncBatchSource {
  const source: BatchSource = createBatchSource(options);
  return {
    steps: async (epoch) => source.steps(epoch),
    assemble: async (epoch, index) => source.assemble(epoch, index),
    close: async () => undefined,
  };
}
