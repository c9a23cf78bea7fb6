import type { RivalModel } from '#lib/evaluation/rivals/rival-model.ts';
import { type BlendPart, encodeBlend } from './blend-file.ts';

/** `model.json` and `weights.bin` of a rival, as `Recommender` reads them. */
export function rivalFiles({
  components,
  counts,
  moderators,
  trainingCounts,
  window,
  excludeHistory,
}: RivalModel): ReturnType<typeof encodeBlend> {
  return encodeBlend({
    items: trainingCounts.length,
    window,
    excludeHistory,
    trainingCounts,
    components: components.map((part): BlendPart => ({ kind: 'history', ...part })),
    counts: {
      epsilon: counts.epsilon,
      terms: counts.terms.map(({ halfLife, weight }) => ({
        halfLife: Number.isFinite(halfLife) ? halfLife : null,
        weight,
      })),
    },
    moderators: moderators.map(({ kind, term, weights }) => ({
      kind,
      term,
      weights: [...weights],
    })),
  });
}
