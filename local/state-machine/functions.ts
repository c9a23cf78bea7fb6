import { createHash, randomUUID } from 'node:crypto';
import type { Expression } from 'jsonata';

const HASH_ALGORITHMS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** Most numbers that `$range` may give, as its JSONPath twin `States.ArrayRange`. */
const RANGE_LIMIT = 1000;

/** `$partition([1, 2, 3], 2)` is `[[1, 2], [3]]`. */
export function partition(items: readonly unknown[] | undefined, size: number): unknown[] {
  if (items === undefined) return [];
  if (!Number.isInteger(size) || size < 1) {
    throw new Error(`$partition needs a chunk size of 1 or more, not ${size}`);
  }
  const chunks: unknown[] = [];
  for (let start = 0; start < items.length; start += size) {
    chunks.push(items.slice(start, start + size));
  }
  return chunks;
}

/** `$range(0, 10, 5)` is `[0, 5, 10]`: the end is part of the range; the step may be negative. */
export function range(start: number, end: number, step: number): number[] {
  if (step === 0) throw new Error('$range needs a step other than 0');
  const count = Math.floor((end - start) / step) + 1;
  if (count > RANGE_LIMIT) {
    throw new Error(
      `$range(${start}, ${end}, ${step}) has ${count} numbers, more than ${RANGE_LIMIT}`,
    );
  }
  return Array.from({ length: Math.max(0, count) }, (_, index) => start + index * step);
}

/** Hexadecimal digest of a string, e.g. `$hash('a', 'SHA-256')`. */
export function hash(text: string, algorithm: string): string {
  const name = HASH_ALGORITHMS[algorithm];
  if (name === undefined) {
    throw new Error(
      `$hash knows ${Object.keys(HASH_ALGORITHMS).join(', ')}, not ${JSON.stringify(algorithm)}`,
    );
  }
  return createHash(name).update(text, 'utf8').digest('hex');
}

/** A number in [0, 1) that depends on the seed alone. */
export function seededRandom(seed: number): number {
  const digest = createHash('sha256').update(String(seed)).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** `$parse('{"a": 1}')`: what `JSON.parse` makes of the text. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`$parse got text that is not JSON: ${(error as Error).message}`);
  }
}

/**
 * Adds the functions that Step Functions adds to JSONata, and takes away `$eval`, as it does.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
export function registerStepFunctions(expression: Expression, random: () => number): void {
  expression.registerFunction('partition', partition, '<an:a>');
  expression.registerFunction('range', range, '<nnn:a<n>>');
  expression.registerFunction('hash', hash, '<ss:s>');
  expression.registerFunction(
    'random',
    (seed?: number) => (seed === undefined ? random() : seededRandom(seed)),
    '<n?:n>',
  );
  expression.registerFunction('uuid', () => randomUUID(), '<:s>');
  expression.registerFunction('parse', parse, '<s:x>');
  expression.registerFunction('eval', () => {
    throw new Error('$eval does not exist in Step Functions; use $parse for JSON text');
  });
}
