import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { renewFiles } from '#cli/artefacts/export.ts';
import { writeAllLists } from '#cli/artefacts/lists.ts';
import { storedObjects } from '#cli/artefacts/stored-objects.ts';
import { commands } from '#cli/commands/index.ts';
import { UsageError } from '#cli/commands/options.ts';
import { withBucket } from '#cli/commands/place.ts';
import { championPointer } from '#lib/contracts/champion.ts';
import { interactions, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { takeLock } from '#lib/contracts/lock.ts';
import { unreadReport } from '#lib/interactions/report.ts';
import { promote } from '#lib/promotion/champion.ts';
import { lockFolder } from '#local/folder-lock.ts';
import { DiskObjects } from '#local/object-store/objects.ts';
import { itemIds, promoteSmallModel } from '../../functions/champion.ts';
import { sorted } from '../../lib/interactions/sorted.ts';
import { temporaryFolder } from '../../temporary/folders.ts';
import { finishNight, start, users } from './finished-night.ts';

let out: string;
beforeAll(async () => {
  out = await finishNight();
});
afterEach(() => vi.restoreAllMocks());

/** What a command prints, and its exit code. */
async function lea(name: string, ...args: readonly string[]) {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const command = await commands[name]!.load();
  const code = await command.prepare(args)();
  const text = log.mock.calls.map(([line]) => `${line}\n`).join('');
  log.mockRestore();
  return { code, text };
}

const json = async (...args: readonly string[]) =>
  JSON.parse((await lea('recommend', '--out', out, ...args, '--json')).text);

describe('Command: recommend', () => {
  it('recommends to users of every file of histories, with titles', async () => {
    for (const [user, taken] of users) {
      const made = await json('--user', user, '--count', '3');

      expect(made.items).toHaveLength(3);
      for (const { item_id, title } of made.items) {
        expect(title).toBe(`Title of ${item_id}`);
      }
      expect(made.history.map(({ item_id }: { item_id: string }) => item_id)).toEqual(
        taken.slice(-4),
      );
    }
  });

  it('recommends as of the newest action that was counted, unless another time is given', async () => {
    const now = await json('--user', 'user-00');
    const later = await json('--user', 'user-00', '--time', '2020-01-01T00:00:00Z');

    expect(now.time).toBe(new Date((start + 7) * 1000).toISOString());
    expect(later.time).toBe('2020-01-01T00:00:00.000Z');
  });

  it('recommends the same after a history that is given', async () => {
    const known = await json('--user', 'user-03');
    const given = await json('--history', users.get('user-03')!.slice(-4).join());

    expect(given.items).toEqual(known.items);
  });

  it('takes the filters of a request', async () => {
    const made = await json(
      '--user',
      'user-03',
      '--only',
      'item-1,item-2,item-4',
      '--exclude',
      'item-4',
    );
    const seen = users.get('user-03')!;
    const unseen = await json('--user', 'user-03', '--exclude-seen', 'true', '--count', '40');

    const ids = made.items.map(({ item_id }: { item_id: string }) => item_id);
    expect(ids.toSorted()).toEqual(['item-1', 'item-2']);
    const shown = unseen.items.map(({ item_id }: { item_id: string }) => item_id);
    expect(shown).toHaveLength(itemIds.length - new Set(seen).size);
    expect(seen.some((id) => shown.includes(id))).toBe(false);
    await expect(json('--user', 'user-03', '--where', 'genre=Drama')).rejects.toThrow(
      'The catalogue has no fields besides titles.',
    );
  });

  it('tells a person whose list it is, what it rests on and what is unknown', async () => {
    const { text, code } = await lea(
      'recommend',
      '--out',
      out,
      '--history',
      `unheard,${users.get('user-01')![0]}`,
      '--count',
      '2',
    );

    expect(code).toBe(0);
    expect(text).toContain('After 2 items');
    expect(text).toContain('unknown to the model: unheard');
    expect(text).toMatch(
      /Recommended by \S+ of run a, as of 2001-09-09 01:46 UTC\n {3}1 +\S+ {2}Title/,
    );
  });

  it('writes the lists of everybody', async () => {
    const file = join(out, 'lists.jsonl.gz');

    const { text } = await lea('recommend', '--out', out, '--all', file, '--count', '4');

    const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
    const lists = new Map(lines.map((line) => JSON.parse(line)).map((one) => [one.user_id, one]));
    expect(text).toBe(`30 lists are in ${file}.\n`);
    expect([...lists.keys()].toSorted()).toEqual([...users.keys()]);
    const ids = (list: readonly { item_id: string }[]) => list.map(({ item_id }) => item_id);
    const one = await json('--user', 'user-17', '--count', '4');
    expect(ids(lists.get('user-17').items)).toEqual(ids(one.items));
  });

  it.each(['csv', 'csv.gz', 'jsonl'])('writes them as %s, as the name says', async (ending) => {
    const file = join(temporaryFolder('lists'), `lists.${ending}`);

    await lea('recommend', '--out', out, '--all', file, '--count', '4');

    const bytes = readFileSync(file);
    const lines = (ending.endsWith('gz') ? gunzipSync(bytes) : bytes)
      .toString()
      .trimEnd()
      .split('\n');
    const { items } = await json('--user', 'user-17', '--count', '4');
    if (ending === 'jsonl') {
      const own = lines.map((line) => JSON.parse(line)).find((one) => one.user_id === 'user-17');
      // WebAssembly made these, plain JavaScript the one list.
      expect(own.items.map((item: { score: number }) => item.score)).toEqual(
        items.map(({ score }: { score: number }) => expect.closeTo(score, 5)),
      );
    } else {
      expect(lines).toHaveLength(1 + 4 * users.size);
      expect(lines.filter((line) => line.startsWith('user-17,'))).toEqual(
        items.map(
          (
            { item_id, title, score }: { item_id: string; title: string; score: number },
            at: number,
          ) => `user-17,${at + 1},${item_id},${title},${score.toFixed(4)},model`,
        ),
      );
    }
  });

  it('leaves no part of a file of lists when it is stopped, and the file before as it was', async () => {
    const folder = temporaryFolder('lists');
    const file = join(folder, 'lists.csv');
    writeFileSync(file, 'before');
    const stop = new AbortController();

    const made = withBucket({ out }, (objects) =>
      writeAllLists(objects, file, {
        format: { isCsv: true, isGzipped: false },
        count: 4,
        onUsers: () => stop.abort(),
        signal: stop.signal,
      }),
    );

    await expect(made).rejects.toThrow('aborted');
    expect(readdirSync(folder)).toEqual(['lists.csv']);
    expect(readFileSync(file, 'utf8')).toBe('before');
  });

  it.each([['user-1'], ['zzz'], ['USER-01']])('knows nobody called "%s"', async (user) => {
    await expect(lea('recommend', '--out', out, '--user', user)).rejects.toThrow(
      `has met no user "${user}"`,
    );
  });

  it.each([
    [[]],
    [['--user', 'a', '--history', 'b']],
    [['--user', 'a', '--count', '0']],
    [['--user', 'a', '--time', 'soon']],
    [['--history', 'a,,b']],
    [['--user', 'a', '--where', 'genres']],
    [['--user', 'a', '--exclude-seen', 'yes']],
    [['--all', 'file.csv', '--only', 'a']],
    [['--all', 'file']],
    [['--all', 'file.parquet']],
    [['--user', 'a', '--bucket', 'b']],
  ])('refuses %j', async (args) => {
    const command = await commands.recommend!.load();

    expect(() => command.prepare(['--out', out, ...args])).toThrow(UsageError);
  });

  it('says what to do where no night has been, and while one is at work', async () => {
    await expect(lea('recommend', '--out', 'nowhere', '--user', 'a')).rejects.toThrow(
      'No night has begun in nowhere yet',
    );
    expect(existsSync('nowhere')).toBe(false);
    const unlock = lockFolder(join(out, 'cloud'));
    await expect(lea('serve', '--out', out)).rejects.toThrow('is in use by');
    await expect(lea('forget', '--user', 'a', '--out', out)).rejects.toThrow('is in use by');
    unlock();
  });
});

describe('Command: similar', () => {
  it('shows what resembles an item, with titles', async () => {
    const { text } = await lea('similar', 'item-3', '--out', out, '--count', '2');

    expect(text).toMatch(
      /^Like Title of item-3 {2}\(item-3\), by cosines of its item vectors in small of run a\n {3}1 +[\d.]+ {2}Title of item-\d+/,
    );
  });

  it.each([[[]], [['--count', '3']], [['item-3', 'item-4']]])('refuses %j', async (args) => {
    const command = await commands.similar!.load();

    expect(() => command.prepare([...args, '--out', out])).toThrow(UsageError);
  });
});

describe('Command: status', () => {
  it('tells what is in service, how nights ended and what became of uploads', async () => {
    const { text } = await lea('status', '--out', out);

    expect(text).toMatch(/^In service: \S+ of run a since /);
    expect(text).toMatch(/\nb +2026-11-24 02:00 UTC +5\.0 s +failed: CostCapError\n/);
    expect(text).toMatch(/\na +2026-11-23 02:00 UTC +1 min 40 s +a becomes the first champion\.\n/);
    expect(text).toContain('logs/20261123T110000Z-2.csv: Most rows are of unknown items.');
    expect(text).toContain('\n\nNight b failed: It is too dear.\n');
  });

  it('says the same to programs', async () => {
    const { champion, nights, uploads } = JSON.parse(
      (await lea('status', '--out', out, '--json')).text,
    );

    expect(champion.run).toBe('a');
    expect(nights.map(({ run }: { run: string }) => run)).toEqual(['b', 'a']);
    expect(uploads.map(({ upload }: { upload: string }) => upload)).toEqual([
      '20261123T110000Z-2',
      '20261123T100000Z-1',
    ]);
  });
});

describe('Commands that look', () => {
  it.each([
    ['status'],
    ['runs'],
    ['uploads'],
    ['report', '--to', join(temporaryFolder('look'), 'page.html')],
    ['recommend', '--user', 'user-03'],
    ['similar', 'item-3'],
    ['rerank', '--user', 'user-03', '--items', 'item-1'],
    ['champion', 'show'],
    ['export', '--to', temporaryFolder('look')],
  ])('answer while a night is at work, and say that it is: %s', async (name, ...args) => {
    // Arrange
    const folder = await beginAnotherNight();
    const unlock = lockFolder(join(folder, 'cloud'));

    // Act
    const { text, code } = await lea(name, ...args, '--out', folder).finally(unlock);

    // Assess
    expect(code).toBe(0);
    if (name === 'status') expect(text).toContain('\nAt work: run c since 2026-11-25 02:00 UTC\n');
    if (name === 'runs') expect(text).toMatch(/\nc +2026-11-25 02:00 UTC +running\n/);
  });

  it('say of a night that was stopped or killed that it is not at work, and let users be forgotten', async () => {
    const folder = await beginAnotherNight();

    const { text } = await lea('status', '--out', folder);
    const found = JSON.parse((await lea('status', '--out', folder, '--json')).text);
    const { code } = await lea('forget', '--user', 'user-03', '--out', folder);

    expect(text).not.toContain('At work');
    expect(text).toMatch(/\nc +2026-11-25 02:00 UTC +stopped; `lea resume` goes on with it\n/);
    expect(found).toMatchObject({ running: null, nights: [{ run: 'c', isAtWork: false }, {}, {}] });
    expect(code).toBe(0);
  });

  it('tell what was uploaded before the first night', async () => {
    const folder = temporaryFolder('uploaded');
    const disk = new DiskObjects(join(folder, 'cloud', 's3'));
    disk.createBucket('data');
    const objects = storedObjects(disk, 'data');
    const facts = {
      upload: 'x',
      key: 'logs/a.csv',
      kind: 'logs',
      arrivedAt: '2026-11-23T10:00:00.000Z',
      bytes: 1,
    } as const;
    await objects.putJson(uploads.report('x'), unreadReport(facts, 'succeeded', 'Read.'));
    disk.close();

    const { text } = await lea('status', '--out', folder);

    expect(text).toMatch(/^Nothing is in service yet\.\n/);
    expect(text).toContain('logs/a.csv');
    await expect(lea('recommend', '--out', folder, '--user', 'a')).rejects.toThrow(
      'Nothing is in service yet',
    );
  });
});

/** A folder in which run `c` has begun after the others. */
async function beginAnotherNight(): Promise<string> {
  const folder = await finishNight();
  const now = new Date('2026-11-25T02:00:00.000Z');
  await withBucket({ out: folder }, async (objects) => {
    await takeLock(objects, { run: 'c', execution: 'c-1', now, maximumHours: 24 });
    await objects.putJson(runs.status('c'), {
      run: 'c',
      status: 'running',
      startedAt: now.toISOString(),
    });
  });
  return folder;
}

describe('Command: rerank', () => {
  it('puts items in the order of the list, and what nobody knows behind them', async () => {
    const list = await json('--user', 'user-03', '--count', '40');
    const ids = list.items.map(({ item_id }: { item_id: string }) => item_id);
    const asked = [ids[20], 'unheard', ids[4], ids[9]].join();

    const made = await lea('rerank', '--out', out, '--user', 'user-03', '--items', asked, '--json');
    const { text } = await lea('rerank', '--out', out, '--history', ids[0], '--items', asked);

    expect(JSON.parse(made.text).items.map(({ item_id }: { item_id: string }) => item_id)).toEqual([
      ids[4],
      ids[9],
      ids[20],
      'unheard',
    ]);
    expect(text).toMatch(/^In the order of \S+ of run a for this history\n {3}1 /);
  });

  it('wants to know for whom', async () => {
    await expect(lea('rerank', '--out', out, '--items', 'item-1')).rejects.toThrow(UsageError);
  });
});

describe('Command: runs', () => {
  it('lists all nights, the newest first', async () => {
    const { text } = await lea('runs', '--out', out);

    expect(text.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'night',
      expect.stringMatching(/^-+$/),
      'b',
      'a',
      '',
    ]);
  });
});

describe('Command: uploads', () => {
  it('lists all uploads, the newest first', async () => {
    const { text } = await lea('uploads', '--out', out);
    const { text: reports } = await lea('uploads', '--out', out, '--json');

    expect(text).toMatch(/\n20261123T110000Z-2 +2026-11-23 10:00 UTC +\S+ +failed /);
    expect(JSON.parse(reports)).toHaveLength(2);
  });

  it('shows the report of one', async () => {
    const { text } = await lea('uploads', '--out', out, '--upload', '20261123T110000Z-2');

    expect(text).toContain('-2.csv: failed. Most rows are of unknown items.');
    await expect(lea('uploads', '--out', out, '--upload', 'none')).rejects.toThrow(
      'There is no report of an upload "none"',
    );
  });
});

describe('Page of an upload', () => {
  it('says what evaluation meets in the rows that ingestion has kept', async () => {
    // Arrange: 20 users with ten actions each, the last two at the same moment
    const folder = await finishNight();
    const upload = '20261123T120000Z-3';
    const arrivedAt = '2026-11-23T12:00:00.000Z';
    const facts = { upload, key: `logs/${upload}.csv`, kind: 'logs', arrivedAt, bytes: 1 } as const;
    const rows = Array.from({ length: 200 }, (_, at) => ({
      user_id: `u${Math.floor(at / 10)}`,
      item_id: `i${(at * 7) % 13}`,
      timestamp: 1.6e9 + Math.floor(at / 10) + 86_400 * Math.min(at % 10, 8),
      ...{ event_type: null, value: null, line: at + 1 },
    }));
    const report = {
      ...unreadReport(facts, 'succeeded', 'Everything was read.'),
      ...{ ranges: 1, read: 200, good: 200 },
    };
    await withBucket({ out: folder }, async (objects) => {
      await objects.putJson(uploads.report(upload), report);
      await objects.putBytes(interactions.part('2026-11-23', upload, 0), sorted(rows));
    });
    const to = join(temporaryFolder('upload-page'), 'page.html');

    // Act
    await lea('uploads', '--out', folder, '--upload', upload, '--to', to);

    // Assess
    expect(readFileSync(to, 'utf8')).toContain('Ties, cold items, repeats and drift');
  });
});

describe('Command: report', () => {
  it('writes the page of the newest night that has one', async () => {
    const to = join(temporaryFolder('report'), 'page.html');

    const { text } = await lea('report', '--out', out, '--to', to);

    expect(readFileSync(to, 'utf8')).toBe('<!doctype html>');
    expect(text).toBe(`The report of run a is in ${to}.\n`);
    await expect(lea('report', '--out', out, '--run', 'b')).rejects.toThrow('Run b has no report');
  });
});

describe('Command: champion', () => {
  it('shows who is in service', async () => {
    const { text } = await lea('champion', 'show', '--out', out, '--json');

    expect(JSON.parse(text)).toMatchObject({ run: 'a', isKept: true });
    expect((await lea('champion', 'history', '--out', out)).text).toMatch(
      /^run +model +promoted +NDCG@10\na +small +2026-11-23 05:00 UTC +0\.1000\n$/,
    );
  });

  it('refuses what it cannot do', async () => {
    await expect(lea('champion', 'crown', '--out', out)).rejects.toThrow(UsageError);
    await expect(lea('champion', 'promote', '--out', out)).rejects.toThrow('--run is needed');
    await expect(lea('champion', 'promote', '--out', out, '--run', 'b')).rejects.toThrow(
      'Run b has not judged anything',
    );
    await expect(lea('champion', 'diff', '--out', out)).rejects.toThrow('Run a promoted nobody');
  });
});

describe('Files of a folder', () => {
  it('have lists for everybody once they were asked for', async () => {
    // Arrange
    const folder = await finishNight();
    const lists = join(folder, 'files/lists.csv');
    const renew = (asked?: boolean) =>
      withBucket({ out: folder }, async (objects) => {
        const { users } = await renewFiles(objects, folder, { lists: asked });
        return { users, isThere: existsSync(lists) };
      });

    // Act
    const without = await renew();
    const asked = await renew(true);
    const content = readFileSync(lists, 'utf8');
    const later = await renew();

    // Assess
    expect(without).toEqual({ users: 0, isThere: false });
    expect(asked).toEqual({ users: 30, isThere: true });
    expect(later).toEqual(asked);
    expect(readFileSync(lists, 'utf8')).toBe(content);
  });

  it('are made anew when another model is put into service by hand', async () => {
    // Arrange: after a second night
    const folder = await finishNight();
    await withBucket({ out: folder }, async (objects) => {
      const { value } = (await objects.getVersion(serving.champion, championPointer))!;
      const other = await promoteSmallModel(objects, 'c', 2);
      await objects.putJson(serving.champion, value);
      await promote(objects, other, value);
      await renewFiles(objects, folder, { lists: true });
    });
    const inFiles = () => JSON.parse(readFileSync(join(folder, 'files/champion.json'), 'utf8'));
    const night = inFiles();
    const lists = readFileSync(join(folder, 'files/lists.csv'), 'utf8');

    // Act
    await lea('champion', 'rollback', '--out', folder);

    // Assess
    expect(night.run).toBe('c');
    expect(inFiles().run).toBe('a');
    expect(readFileSync(join(folder, 'files/lists.csv'), 'utf8')).not.toBe(lists);
  });
});

describe('Command: export', () => {
  it('knows no night that there was not', async () => {
    const to = join(temporaryFolder('export'), 'files');

    await expect(lea('export', '--out', out, '--to', to, '--run', 'nix')).rejects.toThrow(
      'There is no run nix',
    );
    expect(existsSync(to)).toBe(false);
  });

  it('copies the model, the report and what became of uploads, each under its key', async () => {
    const to = temporaryFolder('export');

    const { text } = await lea('export', '--out', out, '--to', to, '--run', 'a');

    const { champion } = JSON.parse((await lea('status', '--out', out, '--json')).text);
    for (const key of [
      'champion.json',
      `${champion.serving}model.json`,
      `${champion.serving}weights.bin`,
      'runs/a/report/index.html',
      'runs/a/status.json',
      'uploads/20261123T110000Z-2/report.json',
      'quarantine/20261123T110000Z-2/part-00000.jsonl.gz',
    ]) {
      expect(existsSync(join(to, key)), key).toBe(true);
    }
    expect(text).toContain(`MB, are in ${to}. lists.csv has the lists of 30 users.`);
    const rowsOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');
    const rows = rowsOf(join(to, 'lists.csv'));
    expect(rows).toHaveLength(1 + 10 * users.size);
    // WebAssembly and plain JavaScript agree on the items and their order, not on the last digits of scores.
    await lea('recommend', '--out', out, '--all', join(to, 'all.csv'));
    const placesOf = (some: readonly string[]) => some.map((row) => row.split(',').slice(0, 4));
    expect(placesOf(rows)).toEqual(placesOf(rowsOf(join(to, 'all.csv'))));
  });
});
