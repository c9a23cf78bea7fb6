/** How a file may be compressed as a whole. */
export const compressions = ['gzip', 'zstd'] as const;
export type Compression = (typeof compressions)[number];

const magic: readonly (readonly [Compression, string])[] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
];

/** What a file is compressed with, by its first bytes; its name does not count. */
export const compressionOf = (head: Uint8Array): Compression | null =>
  magic.find(
    ([, hex]) => Buffer.from(head.subarray(0, hex.length / 2)).toString('hex') === hex,
  )?.[0] ?? null;
