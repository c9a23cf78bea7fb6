import { parentPort, workerData } from 'node:worker_threads';
import { refitHistories } from '#lib/evaluation/refit.ts';
import { decodeScorers, encodeScorers } from '#lib/serving/scorers-file.ts';
import { readAllActions, readVocabulary } from './channels.ts';
import { folders } from './contract.ts';

/** What is to be fitted anew, and where the job is. */
export interface HistoriesTask {
  readonly root: string;
  /** Of the scorers as they are (`encodeScorers`). */
  readonly files: ReturnType<typeof encodeScorers>;
  /** Size of the network's vocabulary. */
  readonly items: number;
}

// The thread that `refitBeside` starts: hands the scorers back as they came.
if (parentPort !== null) {
  const { root, files, items } = workerData as HistoriesTask;
  const job = folders(root);
  const { itemTable, manifest } = readVocabulary(job);
  const histories = decodeScorers(files.description, files.weights);
  const shards = readAllActions(job, manifest);
  const fitted = refitHistories(
    { histories, network: { shape: { items } } },
    { itemTable, shards, baskets: manifest.baskets },
  );
  parentPort.postMessage(encodeScorers(fitted.histories, manifest));
}
