/** A 128-bit hash as four unsigned 32-bit words. */
export type Hash128 = Uint32Array;

const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));

const pair = (text: string, i: number) => text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16);

/** MurmurHash3's finaliser: every bit of the word depends on every other. */
function finish(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/**
 * MurmurHash3 x86_128 (Appleby, public domain) of a text's UTF-16 code units, little-endian. Not for secrets.
 * Called for several texts in turn with the same state, it hashes their sequence.
 *
 * @param state four seeds, which are replaced by the hash `[4]`
 */
export function hash128(text: string, state: Hash128): void {
  let h1 = state[0]! | 0;
  let h2 = state[1]! | 0;
  let h3 = state[2]! | 0;
  let h4 = state[3]! | 0;
  const whole = text.length & ~7;
  for (let i = 0; i < whole; i += 8) {
    h1 ^= Math.imul(rotate(Math.imul(pair(text, i), 0x239b961b), 15), 0xab0e9789);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotate(Math.imul(pair(text, i + 2), 0xab0e9789), 16), 0x38b34ae5);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotate(Math.imul(pair(text, i + 4), 0x38b34ae5), 17), 0xa1e38b93);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotate(Math.imul(pair(text, i + 6), 0xa1e38b93), 18), 0x239b961b);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  // charCodeAt beyond the end is NaN, which the bit operations take as 0: as the reference pads its tail.
  if (whole < text.length) {
    h1 ^= Math.imul(rotate(Math.imul(pair(text, whole), 0x239b961b), 15), 0xab0e9789);
    h2 ^= Math.imul(rotate(Math.imul(pair(text, whole + 2), 0xab0e9789), 16), 0x38b34ae5);
    h3 ^= Math.imul(rotate(Math.imul(pair(text, whole + 4), 0x38b34ae5), 17), 0xa1e38b93);
    h4 ^= Math.imul(rotate(Math.imul(pair(text, whole + 6), 0xa1e38b93), 18), 0x239b961b);
  }
  finishAll(state, h1, h2, h3, h4, text.length * 2);
}

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/** The same of a number's eight bytes. */
export function hash128OfNumber(value: number, state: Hash128): void {
  double[0] = value;
  const h1 = state[0]! ^ Math.imul(rotate(Math.imul(words[0]!, 0x239b961b), 15), 0xab0e9789);
  const h2 = state[1]! ^ Math.imul(rotate(Math.imul(words[1]!, 0xab0e9789), 16), 0x38b34ae5);
  finishAll(state, h1, h2, state[2]! | 0, state[3]! | 0, 8);
}

function finishAll(
  state: Hash128,
  lane1: number,
  lane2: number,
  lane3: number,
  lane4: number,
  bytes: number,
): void {
  let [h1, h2, h3, h4] = [lane1 ^ bytes, lane2 ^ bytes, lane3 ^ bytes, lane4 ^ bytes];
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  state[0] = h1;
  state[1] = h2 + h1;
  state[2] = h3 + h1;
  state[3] = h4 + h1;
}
