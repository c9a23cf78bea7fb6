import * as z from 'zod';
import { historyKind } from '#lib/contracts/config/training.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { FittedScorers, ScorerSettings } from '#lib/evaluation/rivals/fit-scorers.ts';
import { decodeBlend, encodeBlend, historyParts } from './blend-file.ts';

/**
 * What rivals know of histories, in the files of a blend: fitted once a night, and read by all who join something with it.
 * Their weights say nothing here.
 */
export function encodeScorers(
  { scorers, trainingCounts }: FittedScorers,
  { window, excludeHistory }: { readonly window: number; readonly excludeHistory: boolean },
): ReturnType<typeof encodeBlend> {
  return encodeBlend({
    items: trainingCounts.length,
    window,
    excludeHistory,
    trainingCounts,
    components: scorers.map((scorer) => {
      return { kind: 'history', weight: 1, scale: 'lift', scorer };
    }),
    counts: { epsilon: 0.5, terms: [] },
  });
}

/**
 * Reads what `encodeScorers` wrote.
 *
 * @param json the parsed description
 * @throws ContractError if the files are not of scorers, or damaged
 */
export function decodeScorers(json: unknown, bytes: Uint8Array): FittedScorers {
  const blend = decodeBlend(json, bytes);
  if (blend.trainingCounts === undefined) {
    throw new ContractError('The fitted parts of rivals lack their training counts.');
  }
  const scorers = historyParts(blend).map(({ scorer }) => scorer);
  return { scorers, trainingCounts: blend.trainingCounts };
}

const settings = z.looseObject({
  excludeHistory: z.boolean(),
  components: z.array(
    z.looseObject({ scorer: historyKind, parameters: z.record(z.string(), z.number()) }),
  ),
});

/** What of the description that `encodeScorers` wrote says which scorers were chosen, and for which lists. */
export function readSettings(json: unknown): {
  readonly excludeHistory: boolean;
  readonly chosen: readonly ScorerSettings[];
} {
  const { excludeHistory, components } = settings.parse(json);
  return {
    excludeHistory,
    chosen: components.map(({ scorer, parameters }) => ({ kind: scorer, parameters })),
  };
}
