import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { renewFiles } from '#cli/artefacts/export.ts';
import { commands } from '#cli/commands/index.ts';
import { UsageError } from '#cli/commands/options.ts';
import { withBucket } from '#cli/commands/place.ts';
import { serving } from '#lib/contracts/keys.ts';
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

/** Files below `<out>/files` in which a text stands. */
const filesWith = (out: string, text: string) =>
  readdirSync(join(out, 'files'), { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(out, 'files', name)).isFile())
    .filter((name) => {
      const bytes = readFileSync(join(out, 'files', name));
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).includes(text);
    });

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
    const nobody = await lea('forget', '--user', 'USER-04', '--out', night);
    expect(nobody.text).toMatch(/^1 user: 0 rows are gone, out of 0 objects\.\nThere was none: /);
  });

  it('makes the files of the folder anew, so that nobody finds him there', async () => {
    // Arrange
    const out = await finishNight();
    const user = 'user-05';
    await withBucket({ out }, async (objects) => {
      const lists = ['user-04', user].map((user_id) => `${JSON.stringify({ user_id })}\n`).join('');
      const key = `${serving.recommendationsPrefix('a')}part-00000.jsonl.gz`;
      await objects.putBytes(key, gzipSync(lists));
      await renewFiles(objects, out, { run: 'a', lists: true });
    });
    const listed = filesWith(out, user);
    writeFileSync(join(out, 'files', 'left.txt'), `a copy of ${user}`);

    // Act
    const { code } = await lea('forget', '--user', user, '--out', out);

    // Assess
    expect(code).toBe(0);
    expect(listed).toContainEqual(expect.stringContaining('recommendations/'));
    expect(listed).toContain('lists.csv');
    expect(filesWith(out, 'user-04')).toContain('lists.csv');
    expect(filesWith(out, user)).toEqual([]);
    expect(readdirSync(out)).not.toContain('files.unfinished');
  });

  it('leaves a folder without such files as it is', async () => {
    const out = await finishNight();

    await lea('forget', '--user', 'user-05', '--out', out);

    expect(readdirSync(out)).not.toContain('files');
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
