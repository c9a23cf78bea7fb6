import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { decodeLists, decodeRanks, encodeInts } from '#lib/evaluation/ranks.ts';

describe('Function: encodeInts, decodeRanks', () => {
  it('gives back what went in, at any address', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 ** 31 - 1 })), fc.nat({ max: 7 }), (ranks, shift) => {
        // Arrange
        const bytes = encodeInts(Int32Array.from(ranks));
        const shifted = new Uint8Array(bytes.length + shift);
        shifted.set(bytes, shift);

        // Act
        const decoded = decodeRanks(shifted.subarray(shift), ranks.length, 'model');

        // Assess
        expect([...decoded]).toEqual(ranks);
      }),
    );
  });

  it('is little-endian', () => {
    expect([...encodeInts(Int32Array.of(1, 258))]).toEqual([1, 0, 0, 0, 2, 1, 0, 0]);
  });

  it('reads a target that is in no list', () => {
    expect([...decodeRanks(encodeInts(Int32Array.of(3, 0)), 2, 'model')]).toEqual([3, 0]);
  });

  it('refuses another number of cases and negative ranks', () => {
    // Arrange
    const bytes = encodeInts(Int32Array.of(1, -2));

    // Act and assess
    expect(() => decodeRanks(bytes, 3, 'sasrec, test')).toThrow(ContractError);
    expect(() => decodeRanks(bytes, 3, 'sasrec, test')).toThrow(
      'sasrec, test: 8 bytes of ranks, expected 12 for 3 cases',
    );
    expect(() => decodeRanks(bytes, 2, 'sasrec, test')).toThrow('case 1 has the rank -2');
  });
});

describe('Function: decodeLists', () => {
  it('finds the length of the lists, and refuses bytes that are not as many lists', () => {
    const bytes = encodeInts(Int32Array.of(1, 2, 3, 0, 5, 6));
    expect(decodeLists(bytes, 2, 'model')).toEqual({
      items: Int32Array.of(1, 2, 3, 0, 5, 6),
      listLength: 3,
    });
    expect(() => decodeLists(bytes, 4, 'sasrec, lists')).toThrow(
      'sasrec, lists: 24 bytes of lists are not lists of one length for 4 cases',
    );
  });
});
