import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpressionEvaluator } from '#local/state-machine/expression.ts';
import { hash, parse, partition, range, seededRandom } from '#local/state-machine/functions.ts';

describe('Function: partition', () => {
  it('loses and moves nothing, and fills every chunk but the last', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (items, size) => {
        const chunks = partition(items, size) as number[][];
        expect(chunks.flat()).toEqual(items);
        expect(chunks.slice(0, -1).every((chunk) => chunk.length === size)).toBe(true);
        expect(chunks.every((chunk) => chunk.length >= 1 && chunk.length <= size)).toBe(true);
      }),
    );
  });

  it.each([0, -1, 1.5])('rejects the chunk size %s', (size) => {
    expect(() => partition([1], size)).toThrow('chunk size');
  });
});

describe('Function: range', () => {
  it('includes the end', () => {
    expect(range(0, 10, 5)).toEqual([0, 5, 10]);
    expect(range(0, 9, 5)).toEqual([0, 5]);
    expect(range(3, 1, -1)).toEqual([3, 2, 1]);
    expect(range(1, 0, 1)).toEqual([]);
  });

  it('counts as a loop does', () => {
    const bound = fc.integer({ min: -50, max: 50 });
    fc.assert(
      fc.property(bound, bound, fc.integer({ min: 1, max: 7 }), (start, end, step) => {
        const expected: number[] = [];
        for (let value = start; value <= end; value += step) expected.push(value);
        expect(range(start, end, step)).toEqual(expected);
      }),
    );
  });

  it('rejects a step of 0 and more than 1000 numbers', () => {
    expect(() => range(0, 1, 0)).toThrow('step');
    expect(range(1, 1000, 1)).toHaveLength(1000);
    expect(() => range(0, 1000, 1)).toThrow('1001 numbers');
  });
});

describe('Function: hash', () => {
  it('knows the published digests of the empty string', () => {
    expect(hash('', 'MD5')).toBe('d41d8cd98f00b204e9800998ecf8427e');
    expect(hash('', 'SHA-1')).toBe('da39a3ee5e6b4b0d3255bfef95601890afd80709');
    expect(hash('', 'SHA-256')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(hash('é', 'SHA-512')).toBe(createHash('sha512').update('é').digest('hex'));
  });

  it('names the algorithms it knows', () => {
    expect(() => hash('', 'CRC32')).toThrow('MD5, SHA-1, SHA-256, SHA-384, SHA-512, not "CRC32"');
  });
});

describe('Function: seededRandom', () => {
  it('depends on the seed alone and stays in [0, 1)', () => {
    const values = Array.from({ length: 200 }, (_, seed) => seededRandom(seed));
    expect(values).toEqual(Array.from({ length: 200 }, (_, seed) => seededRandom(seed)));
    expect(new Set(values).size).toBe(200);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
  });
});

describe('Function: parse', () => {
  it('reads JSON and says what is wrong with anything else', () => {
    expect(parse('{"a":[1]}')).toEqual({ a: [1] });
    expect(() => parse('{a}')).toThrow('$parse got text that is not JSON');
  });
});

describe('Function: registerStepFunctions', () => {
  const evaluate = (expression: string) =>
    new ExpressionEvaluator(() => 0.25).evaluate(`{% ${expression} %}`, {}, 'field');

  it('makes the functions known to expressions', async () => {
    expect(await evaluate('$partition([1, 2, 3], 2)')).toEqual([[1, 2], [3]]);
    expect(await evaluate('$range(0, 4, 2)')).toEqual([0, 2, 4]);
    expect(await evaluate('$hash("", "MD5")')).toBe('d41d8cd98f00b204e9800998ecf8427e');
    expect(await evaluate('$random()')).toBe(0.25);
    expect(await evaluate('$random(3)')).toBe(seededRandom(3));
    expect(await evaluate('$parse("[1]")')).toEqual([1]);
    expect(await evaluate('$uuid()')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('takes $eval away', async () => {
    await expect(evaluate('$eval("1")')).rejects.toMatchObject({
      error: 'States.QueryEvaluationError',
      causeText: expect.stringContaining('$parse'),
    });
  });
});
