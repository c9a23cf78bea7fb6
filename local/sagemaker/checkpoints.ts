import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  deleteKey,
  downloadPrefix,
  fileState,
  folderLocation,
  listFiles,
  type S3Location,
  uploadFile,
} from './transfer.ts';

/**
 * Keeps a job's `checkpoints/` folder and its S3 prefix the same: restored before the job starts, then copied
 * to S3 again and again while it runs, deletions too. Objects that appear in S3 later are not fetched.
 */
export class CheckpointSync {
  readonly #s3: S3Client;
  readonly #folder: string;
  readonly #location: S3Location;
  readonly #uploaded = new Map<string, { size: number; time: number }>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(s3: S3Client, uri: string, folder: string) {
    this.#s3 = s3;
    this.#folder = folder;
    this.#location = folderLocation(uri);
  }

  async restore(): Promise<void> {
    const { bucket, key } = this.#location;
    await downloadPrefix(this.#s3, `s3://${bucket}/${key}`, this.#folder);
    for (const file of await listFiles(this.#folder)) {
      const state = await fileState(join(this.#folder, file));
      if (state !== undefined) this.#uploaded.set(file, state);
    }
  }

  /** @param onError told of a round that failed; the next one tries again */
  start(seconds: number, onError: (error: Error) => void): void {
    const again = () => {
      this.#round = this.#sync()
        .catch(onError)
        .then(() => {
          if (this.#timer !== undefined) this.#timer = setTimeout(again, seconds * 1000);
        });
    };
    this.#timer = setTimeout(again, seconds * 1000);
  }

  /** Stops the rounds and copies what is there now. */
  async finish(): Promise<void> {
    await this.stop();
    await this.#sync();
  }

  /** Stops the rounds. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#round;
  }

  async #sync(): Promise<void> {
    const files = await listFiles(this.#folder);
    for (const file of files) {
      const path = join(this.#folder, file);
      const state = await fileState(path);
      const known = this.#uploaded.get(file);
      if (state === undefined || (state.size === known?.size && state.time === known.time))
        continue;
      try {
        await uploadFile(this.#s3, path, this.#location, file);
      } catch (error) {
        // Renamed or removed in the meantime: the next round sees what became of it.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw error;
      }
      this.#uploaded.set(file, state);
    }
    for (const file of [...this.#uploaded.keys()].filter((known) => !files.includes(known))) {
      const { bucket, key } = this.#location;
      await deleteKey(this.#s3, { bucket, key: `${key}${file}` });
      this.#uploaded.delete(file);
    }
  }
}
