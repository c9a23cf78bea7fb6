import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../bin/lea.ts', import.meta.url));

const lea = (...args: readonly string[]) =>
  spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

describe('The command line', () => {
  it.each(['--help', '-h', 'help'])('says with %s what commands there are', (flag) => {
    const { status, stdout } = lea(flag);

    expect(status).toBe(0);
    expect(stdout).toMatch(/ {2}recommend +show what/);
    expect(stdout).toContain('2 for wrong use');
  });

  it.each(['--help', '-h'])('says with %s what a command takes', (flag) => {
    expect(lea('status', flag).stdout).toContain(
      'Usage: npx lea status (--out DIR | --bucket NAME)',
    );
  });

  it('says its version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

    expect(lea('--version').stdout).toBe(`${version}\n`);
  });

  it('knows what was meant by a slip', () => {
    const { status, stderr } = lea('recomend');

    expect(status).toBe(2);
    expect(stderr).toContain('lea: no command "recomend"; did you mean "recommend"?');
  });
});
