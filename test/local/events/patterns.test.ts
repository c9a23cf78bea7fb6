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
    ['suffix', key({ suffix: '.gz' }), true],
    ['other suffix', key({ suffix: '.csv' }), false],
    ['number', size(12), true],
    ['number as text', size('12'), false],
    ['exists', matches({ object: { size: [{ exists: true }] } }), true],
    ['does not exist', matches({ object: { colour: [{ exists: false }] } }), true],
    ['exists, though', matches({ object: { size: [{ exists: false }] } }), false],
    ['missing', matches({ missing: { deep: ['x'] } }), false],
    ['boolean', matches({ flag: [true] }), true],
    ['null', matches({ nothing: [null] }), true],
    ['a list in the event', matches({ tags: ['b'] }), true],
    [
      'all of several fields',
      matches({ object: { key: [{ prefix: 'logs/' }], size: [13] } }),
      false,
    ],
  ])('decides %s', (_case, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it.each([
    [{ key: [{ cidr: '10.0.0.0/8' }] }, 'The operator "cidr" at pattern.key[0] is not supported'],
    [{ key: [{ prefix: 'a', suffix: 'b' }] }, 'is not supported'],
    [{ $or: [{ key: ['a'] }] }, 'pattern.$or'],
    [{ key: 'text' }, 'pattern.key must be a list of values or an object'],
    [{ key: [{ prefix: 3 }] }, 'pattern.key[0].prefix must be text'],
  ])('names what it does not understand in %o', (pattern, message) => {
    expect(() => compilePattern(pattern, 'pattern')).toThrow(message);
  });
});
