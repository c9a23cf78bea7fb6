import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { hasLocalStorage } from '#lib/contracts/instance-storage.ts';

describe('Function: hasLocalStorage', () => {
  it.each([
    ...['g5.xlarge', 'g6.2xlarge', 'g6e.xlarge', 'g4dn.xlarge', 'p3dn.24xlarge', 'p4d.24xlarge'],
    ...['p4de.24xlarge', 'p5.48xlarge', 'c5d.xlarge', 'm6id.large', 'r6gd.large', 'trn1.2xlarge'],
  ])('ml.%s has disks of its own', (type) => {
    expect(hasLocalStorage(`ml.${type}`)).toBe(true);
  });

  it.each([
    ...['c6i.2xlarge', 'c5.2xlarge', 'm5.large', 't3.medium', 'p3.2xlarge', 'g5g.xlarge'],
    ...['inf2.xlarge', 'r5.large', 'c7g.large'],
  ])('ml.%s has a volume', (type) => {
    expect(hasLocalStorage(`ml.${type}`)).toBe(false);
  });
});

describe('Function: parseConfig', () => {
  const training = { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] };
  const mixed = { trainerInstanceTypes: ['ml.c6i.2xlarge', 'ml.c5d.2xlarge'] };

  it('refuses a list of which only some types take a key for their volumes, where there is a key', () => {
    const parse = () =>
      parseConfig({ training, operations: { ...mixed, customerManagedKey: true } }, 'mine.json');
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(/mine\.json: operations\.trainerInstanceTypes .*ml\.c5d\.2xlarge/);
  });

  it.each([
    ['such a list without a key', mixed],
    ['the default lists with a key', { customerManagedKey: true }],
  ])('takes %s', (_, operations) => {
    expect(parseConfig({ training, operations }, 'mine.json').operations).toMatchObject(operations);
  });
});
