import { parentPort, workerData } from 'node:worker_threads';
import { type BatchSourceOptions, createBatchSource } from './batch-source.ts';

/** A batch that is wanted; without an index only the number of the epoch's steps is. */
export interface BatchRequest {
  readonly epoch: number;
  readonly index: number | undefined;
}

// The thread that `createThreadedSource` starts: assembles what it is asked for and hands the arrays over.
if (parentPort !== null) {
  const port = parentPort;
  const source = createBatchSource(workerData as BatchSourceOptions);
  port.on('message', ({ epoch, index }: BatchRequest) => {
    if (index === undefined) {
      port.postMessage({ epoch, index, steps: source.steps(epoch) });
      return;
    }
    const batch = source.assemble(epoch, index);
    const buffers = Object.values(batch).map(({ buffer }) => buffer as ArrayBuffer);
    port.postMessage({ epoch, index, batch }, buffers);
  });
}
