import { serving } from '#lib/contracts/keys.ts';
import {
  decodeFreshCounts,
  type FreshCounts,
  freshCountsFile,
} from '#lib/popularity/fresh-counts.ts';
import type { ServingObjects } from './objects.ts';

/** Something that takes counts in. */
interface Counting {
  setCounts(counts: FreshCounts): void;
}

export interface CountsCacheOptions {
  readonly objects: Pick<ServingObjects, 'head' | 'getVersion'>;
  /** How long counts are believed without looking again. */
  readonly milliseconds: number;
  /** Told when they could not be read, and the old ones go on. */
  readonly onStale: (error: unknown) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Keeps a model's counts fresh: they are looked at once in a while, and read when they have changed. */
export class CountsCache {
  readonly #options: CountsCacheOptions;
  readonly #now: () => number;
  #counts: FreshCounts | undefined;
  #etag: string | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;
  #given: { readonly model: Counting; readonly etag: string } | undefined;

  constructor(options: CountsCacheOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Gives a model the newest counts, unless it has them. */
  async refresh(model: Counting): Promise<void> {
    if (this.#now() - this.#checkedAt >= this.#options.milliseconds) {
      this.#refreshing ??= this.#read().finally(() => {
        this.#refreshing = undefined;
      });
      await this.#refreshing;
    }
    if (this.#counts === undefined || this.#etag === undefined) return;
    if (this.#given?.model === model && this.#given.etag === this.#etag) return;
    model.setCounts(this.#counts);
    this.#given = { model, etag: this.#etag };
  }

  async #read(): Promise<void> {
    const { objects, onStale } = this.#options;
    try {
      const found = await objects.head(serving.freshCounts);
      if (found !== undefined && found.etag !== this.#etag) {
        const read = await objects.getVersion(serving.freshCounts, freshCountsFile);
        if (read !== undefined) {
          this.#counts = decodeFreshCounts(read.value);
          this.#etag = read.etag;
        }
      }
    } catch (error) {
      onStale(error);
    }
    this.#checkedAt = this.#now();
  }
}
