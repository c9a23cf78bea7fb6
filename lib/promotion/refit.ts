import * as z from 'zod';
import type { Champion } from '#lib/contracts/champion.ts';

/** `manifest.json` of a winner that was fitted on all actions, as much as promoting it needs. */
export const refitManifest = z.looseObject({
  task: z.literal('refit'),
  run: z.string().min(1),
  name: z.string().min(1),
  /** Passes over all actions; null for a rival, which counts them. */
  passes: z.int().min(1).nullable(),
});

export type RefitManifest = z.infer<typeof refitManifest>;

/** Why the files that were judged are served. */
export interface NoRefit {
  /** The words of a failure; undefined if it was not to be. */
  readonly failure: string | undefined;
}

/** Which weights of a champion are served, in a sentence. */
export function explainServed(champion: Champion, refit: RefitManifest | NoRefit): string {
  const { name, judged, serving } = champion;
  if (judged !== serving && 'passes' in refit) {
    const how =
      refit.passes === null
        ? 'counted on all actions'
        : `fitted on all actions, in ${refit.passes} ${refit.passes === 1 ? 'pass' : 'passes'}`;
    return `${name} is served ${how}, validation and test included; later nights compare with what was judged.`;
  }
  const failure = 'failure' in refit ? refit.failure : undefined;
  return failure === undefined
    ? `${name} is served as it was judged: it was not to be fitted on all actions.`
    : `${name} is served as it was judged, because fitting it on all actions failed: ${failure}`;
}
