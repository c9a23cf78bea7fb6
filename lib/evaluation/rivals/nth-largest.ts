/**
 * The `n`-th largest of some numbers, equal ones counted each (quickselect; Hoare 1961,
 * https://doi.org/10.1145/366622.366647): sorting all of them to know one takes many times as long.
 *
 * @param values reordered on the way; no NaN among them
 * @param count how many of `values`, from its beginning, take part
 * @param n from 1 to `count`
 */
export function nthLargest(values: Float64Array, count: number, n: number): number {
  const wanted = n - 1;
  let first = 0;
  let last = count - 1;
  while (first < last) {
    const pivot = middleOf(values[first]!, values[(first + last) >>> 1]!, values[last]!);
    let low = first;
    let high = last;
    while (low <= high) {
      while (values[low]! > pivot) low++;
      while (values[high]! < pivot) high--;
      if (low > high) break;
      const value = values[low]!;
      values[low++] = values[high]!;
      values[high--] = value;
    }
    // From `first` to `high` all are at least the pivot, from `low` to `last` at most.
    if (wanted <= high) last = high;
    else if (wanted >= low) first = low;
    else break;
  }
  return values[wanted]!;
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
