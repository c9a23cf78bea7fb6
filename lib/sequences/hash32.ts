/**
 * A well-mixed 32-bit hash of a text under a seed: the same on every machine and in every run, so that what it decides
 * (a user's part of a split, the order of a tie) does not depend on what else was uploaded.
 *
 * MurmurHash3 x86_32 over UTF-16 code units (https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp).
 *
 * @returns 0 to 2^32 - 1
 */
export function hash32(text: string, seed: number): number {
  let hash = seed | 0;
  for (let index = 0; index < text.length; index++) {
    let unit = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    unit = (unit << 15) | (unit >>> 17);
    hash ^= Math.imul(unit, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}
