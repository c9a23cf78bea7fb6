import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { validate } from '#cli/commands/validate.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;
beforeAll(() => {
  dir = temporaryFolder('validate');
});

function file(name: string, lines: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

async function run(...args: readonly string[]) {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const code = await validate.prepare(args)();
  const text = log.mock.calls.map(([line]) => line).join('\n');
  log.mockRestore();
  return { code, text };
}

const header = 'user_id,item_id,timestamp';
const rows = Array.from({ length: 40 }, (_, i) => `u${i % 8},i${i % 5},${1_700_000_000 + i}`);
const catalogue = ['item_id,title', ...Array.from({ length: 5 }, (_, i) => `i${i},Title ${i}`)];

describe('Command: validate', () => {
  it('says that good files would be taken, and what is in them', async () => {
    const items = file('items.csv', catalogue);
    const log = file('good.csv', [header, ...rows]);

    const { code, text } = await run('--interactions', log, '--items', items);

    expect(code).toBe(0);
    expect(text).toContain(`${items}: would be taken.`);
    expect(text).toContain(`${log}: would be taken.`);
    expect(text).toContain('40 rows = 40 good + 0 quarantined + 0 duplicate');
    expect(text).toContain('What evaluation meets in them:');
    expect(text).toContain('8 users, 5 items, 2023-11-14T22:13:20');
  });

  it('names the reasons, with lines but without values, of a file that would be refused', async () => {
    const secret = 'yesterday-evening';
    const log = file('bad.csv', [header, ...rows.slice(0, 3), ...rows.map(() => `a,b,${secret}`)]);

    const { code, text } = await run('--interactions', log);

    expect(code).toBe(1);
    expect(text).toContain(`${log}: would be REFUSED.`);
    expect(text).toMatch(/impossible-timestamp, 40 rows: .*\n {4}line 5: /);
    expect(text).not.toContain(secret);
  });

  it('reads several logs, each against the catalogue, and reports to programs as uploads do', async () => {
    const items = file('items.csv', catalogue);
    const logs = [
      file('one.csv', [header, ...rows]),
      file('two.csv', [header, 'u,elsewhere,1700000000']),
    ];

    const { code, text } = await run(
      ...logs.flatMap((log) => ['--interactions', log]),
      '--items',
      items,
      '--json',
    );

    const reports = JSON.parse(text);
    expect(code).toBe(1);
    expect(reports.map(({ status }: { status: string }) => status)).toEqual([
      'succeeded',
      'succeeded',
      'failed',
    ]);
    expect(reports[2].reasons[0].reason).toBe('unknown-item');
  });

  it('tells logs from catalogues by their columns, and is quiet when asked', async () => {
    const items = file('which.csv', catalogue);
    const log = file('what.csv', [header, ...rows, 'u,elsewhere,1700000000']);
    const bad = file('worse.csv', ['user,item', 'a,b']);

    const { code, text } = await run(log, items, '--quiet');

    expect({ code, text }).toEqual({ code: 0, text: '' });
    expect((await run(log, items)).text).toContain('unknown-item, 1 row');
    expect(await run(bad)).toEqual({
      code: 1,
      text: expect.stringMatching(
        /would be REFUSED\. .*Its columns are user, item\. .*`npx lea init` proposes it/,
      ),
    });
  });

  it('sums many files up', async () => {
    const names = Array.from({ length: 12 }, (_, i) => file(`day-${i}.csv`, [header, ...rows]));

    const { text } = await run(join(dir, 'day-*.csv'));

    expect(names).toHaveLength(12);
    expect(text).toContain('12 files, 480 rows = 480 good + 0 quarantined + 0 duplicate');
    expect(text.split('\n')).toHaveLength(16);
  });

  it('says of every file of a folder what would become of it, also of those that cannot be read', async () => {
    const folder = temporaryFolder('parts');
    writeFileSync(join(folder, 'part-0.csv'), '');
    writeFileSync(join(folder, 'part-1.jsonl.gz'), gzipSync(gzipSync('{}')));
    writeFileSync(join(folder, 'part-2.csv'), `${header}\n`);
    writeFileSync(join(folder, 'part-3.csv'), [header, ...rows].join('\n'));

    const { code, text } = await run(folder);

    expect(code).toBe(1);
    expect(text).toMatch(/part-0\.csv: would add nothing\. .* has no rows/);
    expect(text).toMatch(/part-1\.jsonl\.gz: would be REFUSED\. .* is compressed twice/);
    expect(text).toMatch(/part-2\.csv: would add nothing\./);
    expect(text).toMatch(/part-3\.csv: would be taken\./);
    // Rows are counted where there were some.
    expect(text.match(/ rows = /g)).toHaveLength(1);
  });

  it('says how columns of other names are read, for objects as for tables', async () => {
    const log = join(dir, 'camel.jsonl');
    writeFileSync(log, '{"userId":"u","itemId":"i","timestamp":1700000000}\n');

    const { text } = await run(log);

    expect(text).toContain('1 row = 0 good + 1 quarantined');
    expect(text).toContain('`npx lea init` proposes it');
  });

  it('writes a page about the newest file beside those before, with what evaluation meets', async () => {
    const logs = [0, 1].map((at) =>
      file(`day-${at}.log.csv`, [
        header,
        ...Array.from(
          { length: 400 },
          (_, i) => `u${i % 20},i${(i * 7 + at) % 11},${1_700_000_000 + 86_400 * at + i}`,
        ),
      ]),
    );
    const page = join(dir, 'page.html');

    await run(...logs, '--page', page);

    const text = readFileSync(page, 'utf8');
    expect(text).toContain(`<h1>${logs[1]}</h1>`);
    expect(text).toContain('that of the upload before');
    expect(text).toContain('Ties, cold items, repeats and drift');
  });

  it('keeps to the configuration', async () => {
    const log = file('short.csv', [header, ...rows.map((row) => `long-${row}`)]);
    const config = join(dir, 'config.json');
    writeFileSync(config, JSON.stringify({ interactions: { maximumIdLength: 3 } }));

    expect((await run('--interactions', log)).code).toBe(0);
    expect((await run('--interactions', log, '--config', config)).text).toContain('id-too-long');
  });
});
