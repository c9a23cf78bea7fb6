import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { median, quantile } from './lambda/instance.ts';
import { measureFunction } from './serving/function.ts';
import { measureLists } from './serving/lists.ts';
import { measureSearch } from './serving/search.ts';
import type { Taken } from './serving/stopwatch.ts';

/**
 * `npm run bench -- serving [--items 18000] [--requests 2000] [--rounds 5] [--many 1000000] [--searches 200]`: what a recommendation
 * takes, on the clock and of the processor. One JSON line a number; a ratio above 1 is better than the peer. Everything on
 * one core, by turns; close everything else, or look at the processor's.
 *
 * 1. The function `recommend` over `--items`, as its bundle runs in a new process, beside the same function without
 *    WebAssembly kernels (plain JavaScript): a network, and one that is joined with all that rivals are made of.
 * 2. The 20 best of `--many` items by the product of vectors alone, exactly: bounds first, beside FAISS (flat index, exact,
 *    float32), TensorFlow.js on WebAssembly, and typed arrays in plain JavaScript.
 * 3. Whole lists over `--many` items in process, with and without bounds.
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '2000' },
    items: { type: 'string', default: '18000' },
    many: { type: 'string', default: '1000000' },
    searches: { type: 'string', default: '200' },
  },
});
const [rounds, requests, items, many, searches] = (
  ['rounds', 'requests', 'items', 'many', 'searches'] as const
).map((name) => Number(options[name])) as [number, number, number, number, number];

const processor = cpus()[0]!.model;
if (items > 0) {
  for (const { name, ours, peer } of await measureFunction({ items, requests, rounds })) {
    const others = 'plain JavaScript';
    print(name, 'start to first answer', median(ours.first), others, median(peer.first));
    printTaken(name, ours, others, peer);
  }
}
if (many > 0) {
  for (const measure of [measureSearch, measureLists]) {
    for (const { name, ours, peers } of await measure({ items: many, searches })) {
      for (const [peer, taken] of Object.entries(peers)) printTaken(name, ours, peer, taken);
    }
  }
}

function printTaken(name: string, ours: Taken, peer: string, theirs: Taken): void {
  for (const [metric, by] of [
    ['warm', 'clock'],
    ['warm, processor,', 'processor'],
  ] as const) {
    for (const [which, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const [own, others] = [quantile(ours[by], share), quantile(theirs[by], share)];
      print(name, `${metric} ${which}`, own, peer, others);
    }
  }
}

function print(name: string, metric: string, value: number, peer: string, peerValue: number): void {
  const ratio = peerValue / value;
  const line = { bench: 'serving', case: name, metric, value, unit: 'ms', peer, peerValue, ratio };
  console.log(JSON.stringify({ ...line, processor }));
}
