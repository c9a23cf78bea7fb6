import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { EnvironmentConfig } from '#lib/contracts/config/environment.ts';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import type { Item } from '#lib/interactions/rows.ts';
import { encodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import type { CatalogueItem } from '#lib/sequences/interaction-log.ts';
import { describeReport, readUploadFile } from '../data/upload-file.ts';
import { listenForInterruption } from '../process/interruption.ts';
import { Containers } from './environment-study/containers.ts';

/** What vectors are made of, and where they go. */
export interface ItemVectorsRequest {
  /** The catalogue, a file as teams upload it. */
  readonly items: string;
  /** The file to write. */
  readonly out: string;
  readonly config: EnvironmentConfig;
  /** A Hugging Face folder. */
  readonly baseModel: string;
  /** Folder of vectors by content of their sentence, read and added to. */
  readonly store: string;
}

/**
 * Runs the environment's job of task `vectors` on a catalogue. What it has read is kept in the store, also when it is stopped.
 *
 * @throws ValidationError with the reasons when the catalogue would be refused
 * @throws PipelineError with the job's own reason
 * @throws Interrupted when somebody stopped it
 */
export async function makeItemVectors(request: ItemVectorsRequest): Promise<void> {
  const catalogue = new Map<string, CatalogueItem>();
  const report = await readUploadFile<Item>(
    request.items,
    'catalog',
    interactionsConfig.parse({}),
    undefined,
    ({ item_id, title, fields }) => catalogue.set(item_id, { title, fields }),
  );
  for (const line of describeReport(report)) console.log(line);
  const folder = mkdtempSync(join(tmpdir(), 'lea-vectors-'));
  const job = join(folder, 'job');
  using interruption = listenForInterruption(() => console.log('stopping'));
  const containers = new Containers(interruption.signal, ({ stage, progress }) =>
    console.log(`${stage} ${Math.round(100 * progress)} %`),
  );
  try {
    mkdirSync(join(folder, 'catalogue'));
    writeFileSync(join(folder, 'catalogue/catalogue.arrow'), encodeCatalogue(catalogue));
    mkdirSync(request.store, { recursive: true });
    const needsModel = request.config.itemVectors.encoder !== 'tfidf';
    await containers.train({
      image: 'lea-environment',
      root: job,
      hyperparameters: { task: 'vectors', config: JSON.stringify(request.config) },
      channels: {
        catalogue: join(folder, 'catalogue'),
        store: request.store,
        ...(needsModel && { basemodel: request.baseModel }),
      },
    });
    mkdirSync(dirname(request.out), { recursive: true });
    copyFileSync(join(job, 'model/item-vectors.arrow'), request.out);
    console.log(`${request.out}: ${catalogue.size} items`);
  } catch (error) {
    throw interruption.signal.aborted ? interruption.signal.reason : error;
  } finally {
    await containers.close();
    keepVectors(job, request.store);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Adds the vectors that a job has read to a store: all of them, or those of its last checkpoint. */
export function keepVectors(job: string, store: string): void {
  for (const read of [join(job, 'checkpoints/store'), join(job, 'model/store')]) {
    if (existsSync(read)) cpSync(read, store, { recursive: true });
  }
}
