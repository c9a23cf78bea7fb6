import { championRecord } from '#lib/contracts/champion.ts';
import type { VariantsConfig } from '#lib/contracts/config/serving.ts';
import { MissingArtefactError, UnavailableError } from '#lib/contracts/errors.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { refitManifest } from '#lib/promotion/refit.ts';
import type { ServingObjects } from './objects.ts';

/** A model of a run that can be served. */
export interface Servable {
  readonly run: string;
  readonly name: string;
  /** Key prefix of its files. */
  readonly serving: string;
}

export interface ChallengerCacheOptions<Model> {
  readonly objects: Pick<ServingObjects, 'getVersion'>;
  readonly challenger: VariantsConfig['challenger'];
  readonly load: (servable: Servable) => Promise<Model>;
  /** After how long it is tried again if it could not be loaded. */
  readonly milliseconds: number;
  /** Told when it could not be loaded: the champion answers everybody meanwhile. */
  readonly onStale: (error: unknown) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

/** The model that the champion is compared with, loaded once: it stays what it is. */
export class ChallengerCache<Model> {
  readonly #options: ChallengerCacheOptions<Model>;
  readonly #now: () => number;
  #current: { readonly champion: Servable; readonly model: Model } | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  constructor(options: ChallengerCacheOptions<Model>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @returns undefined while it cannot be loaded */
  async get(): Promise<{ readonly champion: Servable; readonly model: Model } | undefined> {
    if (this.#current === undefined && this.#now() - this.#triedAt >= this.#options.milliseconds) {
      this.#loading ??= this.#load().finally(() => {
        this.#loading = undefined;
      });
      await this.#loading;
    }
    return this.#current;
  }

  async #load(): Promise<void> {
    const { objects, challenger, load, onStale } = this.#options;
    try {
      const champion = await findServable(objects, challenger);
      this.#current = { champion, model: await load(champion) };
    } catch (cause) {
      const model = `${challenger.name ?? 'what was promoted'} of run ${challenger.run}`;
      onStale(
        new UnavailableError(
          `The challenger, ${model}, cannot be loaded, so the champion answers everybody: ${(cause as Error).message}`,
          { cause },
        ),
      );
    }
    this.#triedAt = this.#now();
  }
}

/**
 * A model of a run as it would be served: fitted on all actions where that was done, else as it was judged.
 *
 * @param challenger without a name, what the run promoted
 * @throws MissingArtefactError if it promoted nothing
 */
async function findServable(
  objects: Pick<ServingObjects, 'getVersion'>,
  { run, name }: VariantsConfig['challenger'],
): Promise<Servable> {
  if (name !== null) {
    const refitted = await objects.getVersion(runs.refittedManifest(run, name), refitManifest);
    const prefix = refitted === undefined ? runs.modelPrefix : runs.refittedPrefix;
    return { run, name, serving: prefix(run, name) };
  }
  const record = await objects.getVersion(serving.championHistory(run), championRecord);
  if (record !== undefined) return record.value.champion;
  throw new MissingArtefactError(
    `Run ${run} promoted nothing, so that it has no model to compare with: name one in operations.serving.variants.challenger.name.`,
  );
}
