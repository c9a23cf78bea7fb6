import type { VariantsConfig } from '#lib/contracts/config/serving.ts';
import type { Serving } from '../answer.ts';
import { activateTensorflow, loadRecommender } from '../champion-model.ts';
import type { Recommender } from '../recommender.ts';
import { ChallengerCache, type Servable } from './challenger-cache.ts';
import { ChampionCache } from './champion-cache.ts';
import { CountsCache } from './counts-cache.ts';
import { DirectoryCache } from './directory-cache.ts';
import type { ServingObjects } from './objects.ts';

export interface InServiceOptions {
  /** How long the champion and the counts are believed without looking again. */
  readonly milliseconds: number;
  /** Told when a model could not be read, and another one goes on serving. */
  readonly onStale: (error: unknown) => void;
  /** With whom the champion is compared; null for nobody. */
  readonly variants: VariantsConfig | null;
  /** Of the `.wasm` files of TensorFlow.js, with a final slash; undefined where there are none. */
  readonly wasmFolder: string | undefined;
}

/** What recommendations are made with. */
export interface InService {
  readonly champion: Serving;
  /** Undefined while nothing is compared, or only the champion with itself, or the challenger cannot be loaded. */
  readonly challenger: Serving | undefined;
}

/** The models in service, with the newest counts, and what is known of users and items. */
export function inService(
  objects: ServingObjects,
  { variants, wasmFolder, ...options }: InServiceOptions,
): () => Promise<InService> {
  const load = modelLoader(objects, wasmFolder);
  const champions = new ChampionCache({ objects, load, ...options });
  const challengers =
    variants === null
      ? undefined
      : new ChallengerCache({ objects, challenger: variants.challenger, load, ...options });
  const countsCache = () =>
    new CountsCache({
      objects,
      milliseconds: options.milliseconds,
      onStale: (error) => console.warn('The old counts go on:', error),
    });
  const [counts, countsOfChallenger] = [countsCache(), countsCache()];
  const directories = new DirectoryCache({
    objects,
    milliseconds: options.milliseconds,
    onStale: (error) => console.warn('The old users and items go on:', error),
  });
  return async () => {
    const [champion, challenger] = await Promise.all([champions.get(), challengers?.get()]);
    const [directory] = await Promise.all([
      directories.get(),
      counts.refresh(champion.model),
      challenger && countsOfChallenger.refresh(challenger.model),
    ]);
    return {
      champion: { ...champion, directory },
      challenger:
        challenger === undefined || isSame(challenger.champion, champion.champion)
          ? undefined
          : { ...challenger, directory, variant: 'challenger' },
    };
  };
}

const isSame = (a: Servable, b: Servable) => a.run === b.run && a.name === b.name;

/** Starts TensorFlow.js at once; what it returns loads a model and makes it ready for its first caller. */
function modelLoader(
  objects: ServingObjects,
  wasmFolder: string | undefined,
): (servable: Pick<Servable, 'serving'>) => Promise<Recommender> {
  const tensorflow = activateTensorflow(wasmFolder);
  return async (servable) => {
    await tensorflow;
    const recommender = await loadRecommender(objects, servable, {});
    warmUp(recommender);
    return recommender;
  };
}

/** The first pass compiles and allocates; no caller has to wait for that. */
function warmUp(recommender: Recommender): void {
  const popular = recommender.recommend({ history: [] }, 1).items.map((item) => item.item_id);
  recommender.recommend({ history: popular }, 1);
}
