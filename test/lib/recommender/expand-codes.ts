import type { Weights } from '#lib/recommender/parameters.ts';

/** The same parameters with a vector of its own for every item. */
export function expand(
  weights: ReadonlyMap<string, Weights<Float32Array>>,
  codes: Uint8Array,
  items: number,
): Map<string, Weights<Float32Array>> {
  const codebooks = codes.length / items;
  return new Map(
    [...weights].map(([name, { shape, values }]) => {
      if (!name.endsWith('/codebooks')) return [name, { shape, values }];
      const [places, part] = shape as [number, number];
      const table = new Float32Array(items * codebooks * part);
      codes.forEach((code, at) => {
        const from = ((at % codebooks) * (places / codebooks) + code) * part;
        table.set(values.subarray(from, from + part), at * part);
      });
      return [
        name.slice(0, -'/codebooks'.length),
        { shape: [items, codebooks * part], values: table },
      ];
    }),
  );
}
