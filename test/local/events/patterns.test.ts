import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '#local/events/patterns.ts';

const event = {
  source: 'aws.s3',
  detail: {
    object: { key: 'logs/2026/a.jsonl.gz', size: 12 },
    flag: true,
    nothing: null,
    tags: ['a', 'b'],
  },
};
const matches = (detail: unknown) => compilePattern({ detail }, 'pattern')(event);
const key = (...values: unknown[]) => matches({ object: { key: values } });
const size = (...values: unknown[]) => matches({ object: { size: values } });

describe('Function: compilePattern', () => {
  it.each([
    ['exact text', key('logs/2026/a.jsonl.gz'), true],
    ['other text', key('logs/2026/A.jsonl.gz'), false],
    ['one of several', key('x', { prefix: 'logs/' }), true],
    ['prefix', key({ prefix: 'catalog/' }), false],
    ['prefix without case', key({ prefix: { 'equals-ignore-case': 'LOGS/' } }), true],
    ['suffix', key({ suffix: '.gz' }), true],
    ['other suffix', key({ suffix: '.csv' }), false],
    ['equality without case', key({ 'equals-ignore-case': 'LOGS/2026/A.JSONL.GZ' }), true],
    ['anything but', key({ 'anything-but': 'logs/2026/a.jsonl.gz' }), false],
    ['anything but a list', key({ 'anything-but': ['a', 'b'] }), true],
    ['anything but a prefix', key({ 'anything-but': { prefix: 'logs/' } }), false],
    ['anything but suffixes', key({ 'anything-but': { suffix: ['.csv', '.txt'] } }), true],
    ['wildcard', key({ wildcard: 'logs/*/a.*' }), true],
    ['wildcard that is too short', key({ wildcard: 'logs/*.jsonl' }), false],
    ['number', size(12), true],
    ['number as text', size('12'), false],
    ['numeric range', size({ numeric: ['>', 0, '<=', 12] }), true],
    ['outside a range', size({ numeric: ['>', 12] }), false],
    ['exists', matches({ object: { size: [{ exists: true }] } }), true],
    ['does not exist', matches({ object: { colour: [{ exists: false }] } }), true],
    ['exists, though', matches({ object: { size: [{ exists: false }] } }), false],
    ['missing', matches({ missing: { deep: ['x'] } }), false],
    ['anything but on a missing field', matches({ missing: [{ 'anything-but': 'x' }] }), false],
    ['boolean', matches({ flag: [true] }), true],
    ['null', matches({ nothing: [null] }), true],
    ['a list in the event', matches({ tags: ['b'] }), true],
    [
      'all of several fields',
      matches({ object: { key: [{ prefix: 'logs/' }], size: [13] } }),
      false,
    ],
    ['$or', matches({ $or: [{ flag: [false] }, { object: { size: [12] } }] }), true],
  ])('decides %s', (_case, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it.each([
    [{ key: [{ cidr: '10.0.0.0/8' }] }, 'The operator "cidr" at pattern.key[0] is not supported'],
    [{ key: [{ prefix: 'a', suffix: 'b' }] }, 'is not supported'],
    [{ key: 'text' }, 'pattern.key must be a list of values or an object'],
    [{ key: [{ numeric: ['~', 1] }] }, 'unknown comparison "~ 1"'],
    [{ key: [{ numeric: ['>'] }] }, 'pairs of a comparison and a number'],
    [{ key: [{ prefix: 3 }] }, 'pattern.key[0].prefix must be text'],
  ])('names what it does not understand in %o', (pattern, message) => {
    expect(() => compilePattern(pattern, 'pattern')).toThrow(message);
  });

  it('treats every character of a wildcard but * and \\ as itself', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (text, middle) => {
          // Arrange
          const literal = text.replaceAll('\\', '\\\\').replaceAll('*', '\\*');
          const check = compilePattern({ a: [{ wildcard: `${literal}*${literal}` }] }, 'p');

          // Assess
          expect(check({ a: `${text}${middle}${text}` })).toBe(true);
          expect(check({ a: `${text}${middle}${text}!x` })).toBe(
            `${middle}${text}!x`.endsWith(text),
          );
        },
      ),
    );
  });
});
