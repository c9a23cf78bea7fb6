import type { Baseline } from './baseline.ts';

/** The most popular items for everybody. */
export const popularity: Baseline = { name: 'popularity', score: () => {} };

/**
 * The history itself, the last item first, then the most popular items. Where people return to items (add to cart
 * after a view), it is hard to beat; without the history (`excludeHistory`) it is popularity.
 */
export const repeatLast: Baseline = {
  name: 'repeat-last',
  score(history, scores) {
    for (let index = history.length - 1; index >= 0; index--) {
      const item = history[index]!;
      if (scores.values[item] === 0) scores.add(item, index + 1);
    }
  },
};
