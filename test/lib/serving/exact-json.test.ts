import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import { parseExactJson } from '#lib/serving/exact-json.ts';

describe('Function: parseExactJson', () => {
  it.each([
    ['{"history": [9007199254740993]}', '9007199254740993'],
    ['{"user_id": 12345678901234567890}', '12345678901234567890'],
    ['[-9223372036854775807]', '-9223372036854775807'],
    ['[0.12345678901234567890123]', '0.12345678901234567890123'],
    ['[1e999]', '1e999'],
    ['12345678901234567890', '12345678901234567890'],
    [`[${'9'.repeat(50)}]`, `${'9'.repeat(40)}...`],
  ])('refuses the number in %s', (text, number) => {
    expect(() => parseExactJson(text)).toThrow(ValidationError);
    expect(() => parseExactJson(text)).toThrow(`${number} `);
  });

  it.each(['1.50', '1e3', '0.0001e5', '-0', '0.000', '100000000000000000000', '1764000000.123456'])(
    'takes %s, which a number keeps',
    (text) => {
      expect(parseExactJson(`[${text}]`)).toEqual([Number(text)]);
    },
  );

  it('is JSON.parse for all that JSON.stringify writes, digits in texts included', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify({ value, id: '12345678901234567890' });
        expect(parseExactJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});
