import { wasmFolder } from '#lib/serving/wasm-folder.ts';
import type { Objects } from '#platform/objects.ts';
import { ChampionCache } from './champion-cache.ts';
import { CountsCache } from './counts-cache.ts';
import { modelLoader } from './load-model.ts';

export interface InServiceOptions {
  /** How long the champion and the counts are believed without looking again. */
  readonly milliseconds: number;
  /** Told when the champion could not be read, and the old one goes on serving. */
  readonly onStale: (error: unknown) => void;
}

/** What recommendations are made with: the champion, with the newest counts. */
export function inService(objects: Objects, options: InServiceOptions) {
  const load = modelLoader(objects, wasmFolder());
  const champions = new ChampionCache({ objects, load, ...options });
  const counts = new CountsCache({
    objects,
    milliseconds: options.milliseconds,
    onStale: (error) => console.warn('The old counts go on:', error),
  });
  return async () => {
    const current = await champions.get();
    await counts.refresh(current.model);
    return current;
  };
}
