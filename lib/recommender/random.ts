/** A reproducible stream of random numbers. */
export interface RandomStream {
  /** Uniform in [0, 1), 32 random bits. */
  uniform(): number;
  /** Uniform integer in [0, bound), `1 <= bound <= 2^32`. */
  integer(bound: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
}

/**
 * A stream that depends on the seed and the keys alone: the batch of epoch 3, step 5 is the same whether the run got
 * there in one go or was resumed. xoshiro128** (https://prng.di.unimi.it/xoshiro128starstar.c), its state filled by
 * splitmix32 from a 32-bit hash of the keys.
 */
export function randomStream(seed: number, ...keys: readonly (string | number)[]): RandomStream {
  let hash = hashText(`${seed}\u0000${keys.join('\u0000')}`);
  const next = () => {
    hash = (hash + 0x9e3779b9) | 0;
    let mixed = hash ^ (hash >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let a = next();
  let b = next();
  let c = next();
  let d = next();
  const bits = () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  let spare = Number.NaN;
  const stream: RandomStream = {
    uniform: () => bits() / 4294967296,
    // Multiply-shift: the bias is below bound / 2^32, far under what any run here could notice.
    integer: (bound) => Math.floor((bits() / 4294967296) * bound),
    normal: () => {
      if (!Number.isNaN(spare)) {
        const value = spare;
        spare = Number.NaN;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log((bits() + 1) / 4294967296));
      const angle = (2 * Math.PI * bits()) / 4294967296;
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
  return stream;
}

/** Fisher-Yates, in place. */
export function shuffle(values: Int32Array, random: RandomStream): Int32Array {
  for (let index = values.length - 1; index > 0; index--) {
    const other = random.integer(index + 1);
    const value = values[index]!;
    values[index] = values[other]!;
    values[other] = value;
  }
  return values;
}

/** FNV-1a over UTF-16 units, finished with murmur3's mixer. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
