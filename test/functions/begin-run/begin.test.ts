import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beginRun, expectBegun, isFinished } from '#functions/begin-run/begin.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import {
  catalogues,
  interactions,
  items,
  runs,
  uploadOfPart,
  uploads,
} from '#lib/contracts/keys.ts';
import { runManifest, runStatus } from '#lib/contracts/run.ts';
import { startBucket } from '../bucket.ts';

const model = { name: 'sasrec', backbone: 'sasrec', objective: 'supervised' };
const config = parseConfig({ training: { models: [model] } }, 'test');
const now = new Date('2026-11-23T03:30:00Z');

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

/** An upload's parts of one day, and its report unless it is still being read. */
async function ingested(
  upload: string,
  status?: 'succeeded' | 'failed',
  parts = 1,
  date = '2026-11-22',
) {
  for (let part = 0; part < parts; part++) {
    await bucket.objects.putBytes(interactions.part(date, upload, part), upload);
  }
  if (status !== undefined) await bucket.objects.putJson(uploads.report(upload), { status });
}

const begin = (execution: string, other = config) =>
  beginRun(bucket.objects, { run: 'night', execution, now, config: other, isRoutine: false });

describe('Function: beginRun', () => {
  test('says what is missing when nothing was ingested', async () => {
    await expect(begin('a')).rejects.toThrow(
      /no interactions to learn from: upload a log below logs\//,
    );
  });

  test('takes whole uploads only, those whose report says that they succeeded', async () => {
    // Arrange
    await ingested('a-whole', 'succeeded', 40);
    await ingested('b-still-copying', undefined, 16);
    await ingested('c-failed', 'failed', 3);
    await ingested('d-whole', 'succeeded', 2, '2026-11-23');
    await bucket.objects.putBytes(items.part('2026-11-22', 'e-catalogue', 0), 'x');
    await bucket.objects.putBytes(items.part('2026-11-22', 'f-catalogue', 0), 'x');
    await bucket.objects.putJson(uploads.report('f-catalogue'), { status: 'succeeded' });

    // Act
    await begin('a');

    // Assess
    const { inputs } = await bucket.objects.getJson(runs.manifest('night'), runManifest);
    const uploadsOf = (parts: typeof inputs.items) =>
      Object.entries(Object.groupBy(parts, ({ key }) => uploadOfPart(key)!)).map(
        ([upload, some]) => [upload, some!.length],
      );
    expect(uploadsOf(inputs.interactions)).toEqual([
      ['a-whole', 40],
      ['d-whole', 2],
    ]);
    expect(uploadsOf(inputs.items)).toEqual([['f-catalogue', 1]]);
  });

  test('says that what there is belongs to no finished upload', async () => {
    await ingested('half');

    await expect(begin('a')).rejects.toThrow(/still being read or failed/);
  });

  test('keeps the first snapshot for later attempts', async () => {
    // Arrange
    await ingested('one', 'succeeded');
    const first = await begin('a');
    await ingested('two', 'succeeded', 1, '2026-11-23');

    // Act
    const second = await begin('b');
    const repeated = await begin('b');

    // Assess
    const manifest = await bucket.objects.getJson(runs.manifest('night'), runManifest);
    expect([first, second, repeated]).toEqual([{ attempt: 1 }, { attempt: 2 }, { attempt: 2 }]);
    expect(manifest.inputs.interactions.map(({ key }) => key)).toEqual([
      'interactions/dt=2026-11-22/one-00000.rows',
    ]);
    expect(manifest.attempts.map(({ execution }) => execution)).toEqual(['a', 'b']);
  });

  test('refuses another configuration for the same run', async () => {
    await ingested('one', 'succeeded');
    await begin('a');

    const other = parseConfig({ training: { models: [model], seed: 2 } }, 'test');

    await expect(begin('b', other)).rejects.toThrow(/begun with another configuration/);
  });
});

describe('Function: beginRun, as a matter of routine', () => {
  /** A night that nobody asked for by name. */
  const routine = (run: string, other = config) =>
    beginRun(bucket.objects, { run, execution: run, now, config: other, isRoutine: true });
  const end = (run: string, status: 'succeeded' | 'failed') =>
    bucket.objects.putJson(runs.status(run), { run, status, startedAt: `2026-11-${run}` });

  test('leaves out what would only be done again, and notes that it did', async () => {
    // Arrange
    await ingested('one', 'succeeded', 2);
    await routine('20');
    await end('20', 'succeeded');
    await ingested('still-being-read');

    // Act
    const begun = await routine('21');

    // Assess
    expect(begun).toEqual({ unchangedSince: '20' });
    expect(await bucket.objects.getJson(runs.status('21'), runStatus)).toMatchObject({
      status: 'skipped',
      unchangedSince: '20',
    });
    expect(await bucket.objects.head(runs.manifest('21'))).toBeUndefined();
    // Nor does a skipped night hide the one that worked.
    expect(await routine('22')).toEqual({ unchangedSince: '20' });
  });

  test('takes a catalogue that the last night has merged for the one that it saw, until there is more', async () => {
    // Arrange
    const { objects } = bucket;
    await ingested('one', 'succeeded');
    await objects.putBytes(items.part('2026-11-23', 'c', 0), 'x');
    await objects.putJson(uploads.report('c'), { status: 'succeeded' });
    await routine('20');
    for (const key of [runs.catalogue('20'), runs.listedItems('20')]) {
      await objects.putBytes(key, 'x');
    }
    const latest = { schemaVersion: 1, run: '20', snapshotAt: '2026-11-20T00:00:00.000Z' };
    await objects.putJson(catalogues.latest, latest);
    await end('20', 'succeeded');
    // Act
    const unchanged = await routine('21');
    await objects.putBytes(items.part('2026-11-24', 'd', 0), 'x');
    await objects.putBytes(catalogues.pending('dt=2026-11-24/d'), '');
    const unread = await routine('22');
    await objects.putJson(uploads.report('d'), { status: 'succeeded' });
    const more = await routine('23');
    // Assess
    expect([unchanged, unread]).toEqual([{ unchangedSince: '20' }, { unchangedSince: '20' }]);
    expect(more).toEqual({ attempt: 1 });
    const { inputs } = await objects.getJson(runs.manifest('23'), runManifest);
    expect(inputs.items.map(({ key }) => key)).toEqual([
      runs.catalogue('20'),
      runs.listedItems('20'),
      items.part('2026-11-24', 'd', 0),
    ]);
  });

  test('does what is asked for by name', async () => {
    await ingested('one', 'succeeded');
    await routine('20');
    await end('20', 'succeeded');

    expect(await begin('a')).toEqual({ attempt: 1 });
  });

  const changes: readonly (readonly [string, () => Promise<unknown>, typeof config])[] = [
    ['a log has come', () => ingested('two', 'succeeded'), config],
    [
      'the catalogue has changed',
      async () => {
        await bucket.objects.putBytes(items.part('2026-11-23', 'c', 0), 'x');
        await bucket.objects.putJson(uploads.report('c'), { status: 'succeeded' });
      },
      config,
    ],
    [
      'the settings are others',
      async () => undefined,
      parseConfig({ training: { models: [model], seed: 2 } }, 'test'),
    ],
    ['the last one failed', () => end('20', 'failed'), config],
    [
      'the last one was begun by another release',
      () => bucket.objects.putJson(runs.config('20'), { old: true }),
      config,
    ],
  ];
  test.each(changes)('works when %s', async (_, change, other) => {
    await ingested('one', 'succeeded');
    await routine('20');
    await end('20', 'succeeded');
    await change();

    expect(await routine('21', other)).toEqual({ attempt: 1 });
  });

  test('reads no report again of an upload that an earlier run took', async () => {
    // Arrange
    await ingested('one', 'succeeded');
    await routine('20');
    await end('20', 'succeeded');
    await bucket.objects.remove([uploads.report('one')]);
    await ingested('two', 'succeeded');

    // Act
    await routine('21');

    // Assess
    const { inputs } = await bucket.objects.getJson(runs.manifest('21'), runManifest);
    expect(inputs.interactions).toHaveLength(2);
  });
});

describe('Function: isFinished', () => {
  test.each([
    ['succeeded', true],
    ['failed', false],
    ['running', false],
    ['skipped', false],
  ])('a run that %s: %s', async (status, expected) => {
    await bucket.objects.putJson(runs.status('night'), { run: 'night', status, startedAt: '' });

    expect(await isFinished(bucket.objects, 'night')).toBe(expected);
  });

  test('a run that never began is not finished', async () => {
    expect(await isFinished(bucket.objects, 'night')).toBe(false);
  });
});

describe('Function: expectBegun', () => {
  test('refuses to resume a run that never began, as after a slip in its name', async () => {
    await ingested('one', 'succeeded');
    await begin('a');

    await expect(expectBegun(bucket.objects, 'night')).resolves.toBeUndefined();
    await expect(expectBegun(bucket.objects, 'nihgt')).rejects.toThrow(
      /There is no run nihgt to resume: it never began/,
    );
  });
});
