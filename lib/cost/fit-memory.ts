import { pairRoom } from '#lib/contracts/limits.ts';
import { type DataCounts, learnedOf } from './data-counts.ts';
import type { Prices } from './prices.ts';
import { pairsKept } from './work.ts';

/** Of a pair, with the item that it is of. */
const bytesOfSum = 12;

/** Memory that it takes to fit what rivals know of histories. */
export function fitMegabytes(
  counts: Pick<DataCounts, 'interactions' | 'learned' | 'items'>,
  { fitRivalsMegabytes: fit }: Prices['throughput'],
): number {
  return Math.ceil(
    fit.base +
      (fit.perMillion * Math.min(learnedOf(counts), pairRoom.actions)) / 1e6 +
      // Two kinds of pairs.
      (2 * bytesOfSum * Math.min(pairsKept(counts), pairRoom.sums)) / 1e6 +
      (fit.perThousandItems * counts.items) / 1000,
  );
}
