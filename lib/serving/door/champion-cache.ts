import { type Champion, championPointer } from '#lib/contracts/champion.ts';
import { MissingArtefactError, UnavailableError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import type { VersionedObjects } from '#lib/contracts/objects.ts';

/** What an error says besides while no run has promoted anybody: then no version of this function can answer. */
export const nothingPromoted = { isPromoted: false } as const;

/** Something made from a champion's files that has to be freed. */
interface Disposable {
  dispose(): void;
}

/** The champion and what was made of it. */
export interface Current<Model> {
  readonly champion: Champion;
  readonly model: Model;
}

export interface ChampionCacheOptions<Model> {
  readonly objects: Pick<VersionedObjects, 'getVersion'>;
  readonly load: (champion: Champion) => Promise<Model>;
  /** How long the pointer is believed without looking again. */
  readonly milliseconds: number;
  /** Told when the pointer or the new champion could not be read, and the old one goes on serving. */
  readonly onStale: (error: unknown) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

/**
 * The champion's model, kept in memory. The pointer is read at most once in a while; a new champion replaces the old
 * one when it has been loaded. While S3 does not answer, the champion that is known goes on serving.
 */
export class ChampionCache<Model extends Disposable> {
  readonly #options: ChampionCacheOptions<Model>;
  readonly #now: () => number;
  #current: Current<Model> | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;

  constructor(options: ChampionCacheOptions<Model>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws MissingArtefactError when nothing has been promoted yet, or what reading it the first time throws */
  async get(): Promise<Current<Model>> {
    if (this.#now() - this.#checkedAt >= this.#options.milliseconds) {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined;
      });
      await this.#refreshing;
    }
    return this.#current!;
  }

  async #refresh(): Promise<void> {
    try {
      await this.#replace();
    } catch (cause) {
      if (this.#current === undefined) throw cause;
      const message = `The model that was known goes on: ${(cause as Error).message}`;
      this.#options.onStale(new UnavailableError(message, { cause }));
    }
    this.#checkedAt = this.#now();
  }

  async #replace(): Promise<void> {
    const found = await this.#options.objects.getVersion(serving.champion, championPointer);
    if (found === undefined) {
      throw new MissingArtefactError(
        'There is no champion to recommend with: no run has promoted a model yet.',
        { details: nothingPromoted },
      );
    }
    const champion = found.value;
    const known = this.#current?.champion;
    if (known?.serving === champion.serving && known.promotedAt === champion.promotedAt) return;
    const model = await this.#options.load(champion);
    const old = this.#current?.model;
    this.#current = { champion, model };
    old?.dispose();
  }
}
