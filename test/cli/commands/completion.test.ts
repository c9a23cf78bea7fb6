import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { createCompletion } from '#cli/commands/completion.ts';
import { commands } from '#cli/commands/index.ts';

const completion = createCompletion(commands);

async function script(shell: string): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await completion.prepare([shell])();
  const [[text]] = log.mock.calls as [[string]];
  log.mockRestore();
  return text;
}

describe('Command: completion', () => {
  it('completes commands and their options in bash', async () => {
    const complete = (words: string, at: number) =>
      execFileSync(
        'bash',
        ['-c', `${text}\nCOMP_WORDS=(${words}); COMP_CWORD=${at}; _lea; echo "\${COMPREPLY[@]}"`],
        { encoding: 'utf8' },
      ).trim();
    const text = await script('bash');

    expect(complete('lea vali', 1)).toBe('validate');
    expect(complete('lea validate --in', 2)).toBe('--interactions');
    expect(complete('lea run --interactions package.js', 3)).toBe('package.json');
  });

  it.each(['zsh', 'fish'])('names every command and its options in %s', async (shell) => {
    const text = await script(shell);

    for (const name of Object.keys(commands)) expect(text).toContain(name);
    expect(text).toMatch(/-l exclude-history|--exclude-history/);
    const { status, error, stderr } = spawnSync(shell, ['-n', '-c', text], { encoding: 'utf8' });
    // Where the shell is not there, its script cannot be looked at by it.
    if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('refuses other shells', () => {
    expect(() => completion.prepare(['tcsh'])).toThrow('One of bash, zsh and fish is needed.');
    expect(() => completion.prepare([])).toThrow('One of bash, zsh and fish is needed.');
  });
});
