import { join } from 'node:path';
import { decodeFreshCounts, freshCountsFile } from '#lib/popularity/fresh-counts.ts';
import { activateTensorflow } from '#lib/serving/champion-model.ts';
import { Recommender } from '#lib/serving/recommender.ts';
import { buildTensorflowLayer } from '../../layers/tensorflow/layer.ts';
import { root } from '../../setup/paths.mjs';
import { type Champion, countsOf, filesOf } from '../lambda/champion.ts';
import { nothingTaken, type Taken, timed } from './stopwatch.ts';

const count = 20;
/** Lists that nobody counts: until then code is being compiled. */
const warmUp = 20;

/** What each whole list takes, with bounds and without, by turns. @throws Error if two lists differ */
export async function measureLists({
  items,
  searches,
}: {
  readonly items: number;
  readonly searches: number;
}) {
  await activateTensorflow(join(buildTensorflowLayer(root), 'tensorflow/'));
  const kinds: Champion[] = ['network', 'joined'];
  return kinds.map((kind) => {
    const { window, ...files } = filesOf(items, kind);
    const counts = decodeFreshCounts(freshCountsFile.parse(countsOf(items)));
    const all = new Recommender(files, { counts, boundedFrom: Number.POSITIVE_INFINITY });
    const bounded = new Recommender(files, { counts, boundedFrom: 0 });
    const ours = nothingTaken();
    const theirs = nothingTaken();
    for (let request = -warmUp; request < searches; request++) {
      const history = Array.from(
        { length: window },
        (_, at) => `item-${(Math.abs(request) * 7919 + at * 31) % items}`,
      );
      const asked = (recommender: Recommender, taken: Taken) => {
        const to = request < 0 ? nothingTaken() : taken;
        return JSON.stringify(timed(() => recommender.recommend({ history }, count), to));
      };
      const lists = [asked(bounded, ours), asked(all, theirs)];
      if (lists[0] !== lists[1]) throw new Error(`Lists differ: ${lists.join(' and ')}`);
    }
    all.dispose();
    bounded.dispose();
    const name = `list of ${count}, ${kind}, ${items} items, window ${window}`;
    return { name, ours, peers: { 'without bounds': theirs } };
  });
}
