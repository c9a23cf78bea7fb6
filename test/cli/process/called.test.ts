import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { asCalled, quoted } from '#cli/process/called.ts';

describe('Function: asCalled', () => {
  it('names commands as in a checkout, unless the package is installed', () => {
    expect(asCalled('`npx lea init` proposes it')).toBe('`npx lea init` proposes it');
  });
});

describe('Function: quoted', () => {
  it.each(['orders.csv', 'days/2026-11-01.csv', "team's days/*.csv", 'a "b" $HOME.csv', ''])(
    'has a shell read %s as one word',
    (path) => {
      const printed = execFileSync('sh', ['-c', `printf '<%s>' ${quoted(path)}`], {
        encoding: 'utf8',
      });

      expect(printed).toBe(`<${path}>`);
    },
  );

  it('leaves plain paths as they are', () => {
    expect(quoted('../data/orders-1.csv.gz')).toBe('../data/orders-1.csv.gz');
  });
});
