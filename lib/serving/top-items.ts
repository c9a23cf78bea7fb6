/**
 * The best items of a list of scores in the order of serving: score descending, then item index ascending. One pass
 * over the scores with a heap of the `count` best so far: a large catalogue is never sorted.
 *
 * @param scores of the items 1 to N, `[N]`; what is not a number is never chosen
 * @param count how many items, at most
 * @param excluded item indices to leave out
 * @param only item indices to choose from, each once; undefined for all
 * @returns item indices, best first; fewer than `count` if there are not as many
 */
export function topItems(
  scores: Float32Array | Float64Array,
  count: number,
  excluded: ReadonlySet<number> = new Set(),
  only?: readonly number[],
): Int32Array {
  const heap = new Int32Array(Math.min(count, only?.length ?? scores.length)); // the worst of the chosen at its root
  let size = 0;
  const isWorse = (a: number, b: number) => {
    const scoreA = scores[a - 1]!;
    const scoreB = scores[b - 1]!;
    return scoreA < scoreB || (scoreA === scoreB && a > b);
  };
  const candidates = only?.length ?? scores.length;
  for (let at = 0; at < candidates && heap.length > 0; at++) {
    const item = only === undefined ? at + 1 : only[at]!;
    if (item > scores.length) continue;
    const isFull = size === heap.length;
    if (isFull && !isWorse(heap[0]!, item)) continue;
    if (Number.isNaN(scores[item - 1]!) || excluded.has(item)) continue;
    if (isFull) {
      heap[0] = item;
      sink(heap, size, 0, isWorse);
    } else {
      heap[size] = item;
      rise(heap, size++, isWorse);
    }
  }
  const best = new Int32Array(size);
  while (size > 0) {
    best[size - 1] = heap[0]!;
    heap[0] = heap[--size]!;
    sink(heap, size, 0, isWorse);
  }
  return best;
}

type IsWorse = (a: number, b: number) => boolean;

function rise(heap: Int32Array, from: number, isWorse: IsWorse): void {
  let at = from;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isWorse(heap[at]!, heap[parent]!)) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function sink(heap: Int32Array, size: number, from: number, isWorse: IsWorse): void {
  let at = from;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    let worst = at;
    if (left < size && isWorse(heap[left]!, heap[worst]!)) worst = left;
    if (right < size && isWorse(heap[right]!, heap[worst]!)) worst = right;
    if (worst === at) return;
    swap(heap, at, worst);
    at = worst;
  }
}

function swap(heap: Int32Array, a: number, b: number): void {
  const item = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = item;
}
