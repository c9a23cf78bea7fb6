import { serving } from '#lib/contracts/keys.ts';
import { everybodyLatest } from '#lib/sequences/everybody-files.ts';
import { type Directory, openDirectory } from '../directory.ts';
import type { ServingObjects } from './objects.ts';

export interface DirectoryCacheOptions {
  readonly objects: ServingObjects;
  /** How long the pointer is believed without looking again. */
  readonly milliseconds: number;
  /** Told when it, or what it points to, could not be read, and the old directory goes on. */
  readonly onStale: (error: unknown) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

/** What the newest run knows of users and items, kept in memory; a newer run's replaces it when it has been read. */
export class DirectoryCache {
  readonly #options: DirectoryCacheOptions;
  readonly #now: () => number;
  #directory: Directory | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;

  constructor(options: DirectoryCacheOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @returns undefined while no run has written one */
  async get(): Promise<Directory | undefined> {
    if (this.#now() - this.#checkedAt >= this.#options.milliseconds) {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined;
      });
      await this.#refreshing;
    }
    return this.#directory;
  }

  async #refresh(): Promise<void> {
    const { objects, onStale } = this.#options;
    try {
      const latest = await objects.getVersion(serving.everybody, everybodyLatest);
      const run = latest?.value.run;
      if (run !== undefined && run !== this.#directory?.run) {
        this.#directory = await openDirectory(objects, run);
      }
    } catch (error) {
      onStale(error);
    }
    this.#checkedAt = this.#now();
  }
}
