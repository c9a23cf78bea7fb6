import { describe, expect, it } from 'vitest';
import { ContractError, ValidationError } from '#lib/contracts/errors.ts';
import { maximumParts, partFile, partNumberOf, runs } from '#lib/contracts/keys.ts';
import { expectShards } from '#lib/contracts/limits.ts';

describe('Functions: partFile, partNumberOf', () => {
  it.each([0, 7, 99_999])('find part %i again by its key and its file', (part) => {
    expect(partNumberOf(runs.trainShard('a', part))).toBe(part);
    expect(partNumberOf(runs.augmentedShard('a', part))).toBe(part);
    expect(partNumberOf(partFile(part))).toBe(part);
  });

  it('have keys that sort as the parts count', () => {
    const parts = [0, 9, 10, 999, 10_000, 99_999];
    const keys = parts.map((part) => runs.trainShard('a', part));
    expect(keys.toSorted()).toStrictEqual(keys);
  });

  it('give no key to a part that none of the readers would find', () => {
    expect(() => runs.augmentedShard('a', maximumParts)).toThrow(ContractError);
  });

  it.each([runs.augmentedManifest('a'), 'part-000-1.arrow', 'xpart-00001.arrow', 'part-1.arrow'])(
    'know that %s is no part',
    (key) => {
      expect(partNumberOf(key)).toBeUndefined();
    },
  );
});

describe('Function: expectShards', () => {
  it('lets through as many as have keys', () => {
    expect(() => expectShards(maximumParts, 64)).not.toThrow();
  });

  it('names the setting that helps, and a value that is enough', () => {
    // Arrange
    const refused = () => expectShards(250_000, 2048);
    // Assess
    expect(refused).toThrow(ValidationError);
    expect(refused).toThrow('Raise sequences.shardItems from 2048 to 5120 or more');
    expect(() => expectShards(Math.ceil((250_000 * 2048) / 5120), 5120)).not.toThrow();
  });
});
