import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { commands } from '#cli/commands/index.ts';
import { UsageError } from '#cli/commands/options.ts';
import { temporaryFolder } from '../../temporary/folders.ts';
import { finishNight } from './finished-night.ts';

let night: Awaited<ReturnType<typeof finishNight>>;
beforeAll(async () => {
  night = await finishNight();
});

/** What a command prints, and its exit code. */
async function lea(name: string, ...args: readonly string[]) {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const command = await commands[name]!.load();
  const code = await command.prepare(args)();
  const text = log.mock.calls.map(([line]) => `${line}\n`).join('');
  log.mockRestore();
  return { code, text };
}

describe('Command: forget', () => {
  it('takes users of a file out of a night, whose lists nobody can ask for any more', async () => {
    const folder = temporaryFolder('forget');
    const file = join(folder, 'ids.txt');
    writeFileSync(file, '\uFEFF user-03\r\nuser-17\n\n');

    const { text, code } = await lea('forget', file, '--out', night);

    expect(code).toBe(0);
    expect(text).toMatch(/^2 users: \d+ rows are gone, out of \d+ objects\.\n/);
    expect(text).toMatch(/No row of them is in any of the \d+ objects\./);
    const ask = (user: string) => lea('recommend', '--out', night, '--user', user);
    await expect(ask('user-03')).rejects.toThrow('has met no user "user-03"');
    await expect(ask('user-17')).rejects.toThrow('has met no user "user-17"');
    expect((await ask('user-04')).code).toBe(0);
    const again = await lea('forget', '--user', 'user-03', '--out', night, '--json');
    expect(JSON.parse(again.text)).toMatchObject({ changed: [], found: { rows: [] } });
  });

  it.each([[[]], [['ids.txt', '--user', 'a']], [['--users', 'a']]])('refuses %j', async (args) => {
    const command = await commands.forget!.load();

    expect(() => command.prepare([...args, '--out', night])).toThrow(UsageError);
  });

  it('refuses a file that is not there', async () => {
    const command = await commands.forget!.load();

    expect(() => command.prepare(['nowhere.txt', '--out', night])).toThrow('There is no file');
  });
});
