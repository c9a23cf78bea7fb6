import { describe, expect, it } from 'vitest';
import { isShortened, plainNumber, readNumber, signOfAmount } from '#lib/interactions/numbers.ts';

describe('Function: readNumber', () => {
  it.each([
    ['12', 12],
    ['-1.5', -1.5],
    ['+.5', 0.5],
    ['1.', 1],
    ['1e3', 1000],
    ['1E-2', 0.01],
    ['1e+10', 1e10],
    ['1e999', undefined],
    ['.', undefined],
    ['', undefined],
    ['12a', undefined],
    ['a12', undefined],
    ['0x10', undefined],
    ['1,5', undefined],
    [' 1', undefined],
  ])('reads %j as %j', (text, number) => {
    expect(readNumber(text)).toBe(number);
  });
});

describe('Function: isShortened', () => {
  it.each(['8.80E+12', '8,80e+12', '-8.80E+12', '+8E+12', '12.345E+7'])('knows %s', (text) => {
    expect(isShortened(text)).toBe(true);
  });

  it.each(['8.80E12', '8.80', 'a8.80E+12', '8.80E+12 a', '8;80E+12', 'E+12', '8.80E+', 'a+b'])(
    'leaves %s alone',
    (text) => {
      expect(isShortened(text)).toBe(false);
    },
  );
});

describe('Function: plainNumber', () => {
  it.each([
    ['1.234,50 EUR', ',', '1234.50'],
    ['1.234,50EUR', ',', '1234.50'],
    ['€ 1.234,50', ',', '1234.50'],
    ['1,234.50', '.', '1234.50'],
    ["1'234.50", '.', '1234.50'],
    ['USD 12', '.', '12'],
    ['USD12', '.', '12'],
    ['$12', '.', '12'],
    ['12 $', '.', '12'],
    [' 12 ', '.', '12'],
    ['1 234,5', ',', '1234.5'],
    ['-3,5', ',', '-3.5'],
    // What is no number then is left as it is.
    ['12 EU', '.', '12 EU'],
    ['12 EURO', '.', '12 EURO'],
    ['12EUR3', '.', '12EUR3'],
    ['3$4', '.', '3$4'],
    ['n/a', ',', 'n/a'],
    ['1,2,3', ',', '1,2,3'],
  ] as const)('makes of %j with the sign %j %j', (text, sign, number) => {
    expect(plainNumber(text, sign)).toBe(number);
  });
});

describe('Function: signOfAmount', () => {
  it.each([
    ['3,5', ','],
    ['3,50', ','],
    ['3,50 EUR', ','],
    ['1.234,567', ','],
    ['1,234', '.'],
    ['1,234.50', '.'],
    ['1,234,567', '.'],
    // As amounts are grouped in India.
    ['12,34,567', '.'],
    [' 3,50 EUR ', ','],
    ['12', '.'],
    ['12.5', '.'],
    ['.5', '.'],
    ['word', undefined],
    ['a,1', undefined],
    ['1,2,3', undefined],
    ['', undefined],
  ])('of %j is %j', (text, sign) => {
    expect(signOfAmount(text)).toBe(sign);
  });
});
