import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareSequences } from '#cli/data/prepare-sequences.ts';
import { runExperiment } from '#cli/experiments/experiment.ts';
import { beginRun } from '#functions/begin-run/begin.ts';
import { type PipelineConfig, parseConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { type SequencesManifest, sequencesManifest } from '#lib/sequences/manifest.ts';
import { startIngestion } from '../../functions/ingest.ts';
import { lambdaContext } from '../../functions/shared/invocations.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const pipeline = {
  interactions: { rangeBytes: 4096, eventRewards: { click: 0.2, look: 0 } },
  sequences: { minimumUserInteractions: 1, minimumItemInteractions: 1, window: 8 },
  training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
};
const config = parseConfig(pipeline, 'test');

/** 30 users, 240 rows, nothing odd. */
const plain = Array.from({ length: 240 }, (_, i) => ({
  user_id: `u${i % 30}`,
  item_id: `i${(i * 7) % 20}`,
  timestamp: 1_700_000_000 + i,
  event_type: ['buy', 'click', 'look', 'click'][i % 4],
}));
type Row = (typeof plain)[number];
const jsonLines = (rows: readonly object[]) =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const change = (of: (row: Row, i: number) => object) =>
  jsonLines(plain.map((row, i) => ({ ...row, ...of(row, i) })));
const csv = (rows: readonly Row[]) =>
  ['user_id,item_id,timestamp,event_type', ...rows.map((row) => Object.values(row).join())].join(
    '\n',
  );
const bigId = (i: number) => String(76_561_197_980_428_150n + BigInt(i));

/** Files that used to mean something else to each door. */
const files: readonly (readonly [string, string | Uint8Array])[] = [
  ['plain.jsonl', jsonLines(plain)],
  ['byte-order-mark.jsonl', `\uFEFF${jsonLines(plain)}`],
  ['plain.csv', csv(plain)],
  ['spreadsheet.csv', `\uFEFFsep=,\r\n${csv(plain).replaceAll('\n', '\r\n')}`],
  ['zipped.jsonl.gz', gzipSync(jsonLines(plain))],
  ['named-as-if-zipped.jsonl.gz', jsonLines(plain)],
  ['zipped-but-not-named.csv', gzipSync(csv(plain))],
  ['array.json', JSON.stringify(plain, null, 1)],
  ['digits.jsonl', change(({ timestamp }) => ({ timestamp: String(timestamp) }))],
  ['milliseconds.jsonl', change(({ timestamp }) => ({ timestamp: timestamp * 1000 }))],
  [
    'mixed-units.jsonl',
    change(({ timestamp }, i) => ({ timestamp: i % 3 ? timestamp : timestamp * 1000 })),
  ],
  [
    'no-zone.jsonl',
    change(({ timestamp }) => ({
      timestamp: new Date(timestamp * 1000).toISOString().slice(0, 19).replace('T', ' '),
    })),
  ],
  ['semicolons.csv', `\uFEFF${csv(plain).replaceAll(',', ';')}`],
  ['tabs.tsv', csv(plain).replaceAll(',', '\t')],
  ['bars.txt', csv(plain).replaceAll(',', '|')],
  ['colons.dat', csv(plain).replaceAll(',', '::')],
  ['quoted-semicolons.csv', csv(plain).replaceAll(/u\d+/g, '"$&"').replaceAll(',', ';')],
  ['zstandard.csv.zst', zstdCompressSync(csv(plain))],
  ['blanks.jsonl', change(({ user_id }) => ({ user_id: ` ${user_id}\t` }))],
];
const others: readonly (readonly [string, string])[] = [
  [
    '64-bit.jsonl',
    plain
      .map((row, i) => JSON.stringify({ ...row, item_id: 'ID' }).replace('"ID"', bigId(i % 20)))
      .join('\n'),
  ],
  ['some-null-users.jsonl', change((_, i) => (i % 60 === 0 ? { user_id: null } : {}))],
  ['some-object-users.jsonl', change((_, i) => (i % 60 === 0 ? { user_id: { $oid: 'x' } } : {}))],
  [
    'odd-titles.jsonl',
    change((_, i) => ({ item_id: i % 2 ? i % 20 : `${i % 20}`, value: i % 7 ? '2' : 'NULL' })),
  ],
];

let ingestion: Awaited<ReturnType<typeof startIngestion>>;
let folder: string;
beforeAll(async () => {
  folder = temporaryFolder('doors');
});

/** Ingestion with this configuration, for the tests of a `describe`. */
function withIngestion(bucket: string, pipeline: object) {
  beforeAll(async () => {
    ingestion = await startIngestion(bucket, pipeline);
  });
  afterAll(() => ingestion.stop());
}

let number = 0;
/** What a night makes of files, uploaded in this order. */
async function night(...uploaded: readonly (readonly [string, string | Uint8Array])[]) {
  return nightOf(config, ...uploaded);
}

async function nightOf(
  using: PipelineConfig,
  ...uploaded: readonly (readonly [string, string | Uint8Array])[]
) {
  const keys: string[] = [];
  for await (const { key } of ingestion.objects.list('')) keys.push(key);
  await ingestion.objects.remove(keys);
  for (const [key, body] of uploaded) {
    expect((await ingestion.ingest(key, body)).status).toBe('succeeded');
  }
  const run = `night-${++number}`;
  await beginRun(ingestion.objects, {
    run,
    execution: 'e',
    isRoutine: false,
    now: new Date(),
    config: using,
  });
  const { handler } = await import('#functions/build-sequences/handler.ts');
  await handler({ step: 'build', run }, lambdaContext);
  return ingestion.objects.getJson(runs.sequencesManifest(run), sequencesManifest);
}

function write([name, body]: readonly [string, string | Uint8Array]): string {
  const path = join(folder, name);
  writeFileSync(path, body);
  return path;
}

/** `lea train`, and `lea environment study` with a catalogue. */
async function train(
  interactions: string,
  items?: string,
  using = config,
): Promise<SequencesManifest> {
  const source = { interactions, format: 'interactions', ...(items && { items }) } as const;
  const out = join(folder, `train-${basename(interactions)}`);
  return (await prepareSequences(source, using, out)).built.manifest;
}

/** `lea experiment`. */
async function experiment(interactions: string) {
  const { results } = await runExperiment({
    format: 'interactions',
    interactions,
    reading: config.interactions,
    out: join(folder, `experiment-${basename(interactions)}`),
    split: config.sequences.split,
    window: config.sequences.window,
    models: ['sasrec:supervised'],
    training: { dimension: 8, blocks: 1, maximumEpochs: 1 },
  });
  return results.data;
}

describe('One reader behind all doors', () => {
  withIngestion('doors-test', pipeline);

  it.each(files)('reads %s as the night does, and as what it means', async (name, body) => {
    // Act
    const meant = await train(write(['meant.jsonl', jsonLines(plain)]));
    const byNight = await night([`logs/${name}`, body]);
    const byTrain = await train(write([name, body]));

    // Assess
    expect(byNight.interactions).toBe(180);
    expect(byNight.dataHash).toBe(meant.dataHash);
    expect(byTrain).toEqual(byNight);
  });

  it.each(others)('reads %s as the night does', async (name, body) => {
    const byNight = await night([`logs/${name}`, body]);
    const byTrain = await train(write([name, body]));

    expect(byTrain).toEqual(byNight);
  });

  it('experiments on what the night would train on', async () => {
    const file = [
      'units.csv',
      csv(plain.map((row) => ({ ...row, timestamp: row.timestamp * 1000 }))),
    ] as const;

    const byNight = await night([`logs/${file[0]}`, file[1]]);
    const byExperiment = await experiment(write(file));

    expect(byExperiment).toMatchObject(byNight);
  });

  it('keeps ids of 64 bits apart', async () => {
    const { items } = await train(write(others[0]!));

    // Looks have no reward; a quarter of the items have nothing else.
    expect(items).toBe(15);
  });

  it('checks items against a catalogue as the night does', async () => {
    // Arrange: one item in twenty is unknown, and one row in a catalogue is broken.
    const items = Array.from({ length: 19 }, (_, i) => ({ item_id: `i${i}`, title: `Item ${i}` }));
    const catalogue = `${jsonLines(items)}{"item_id": "i19"`;

    // Act
    const byNight = await night(
      ['catalog/items.jsonl', catalogue],
      ['logs/a.jsonl', jsonLines(plain)],
    );
    const byStudy = await train(
      write(['a.jsonl', jsonLines(plain)]),
      write(['items.jsonl', catalogue]),
    );

    // Assess
    expect(byNight.items).toBe(14);
    expect(byStudy).toEqual(byNight);
  });

  it.each([
    ['null users', { user_id: null }, /240 of the 240 rows .* are bad.*user_id is null/s],
    [
      'objects as users',
      { user_id: { $oid: '0' } },
      /user_id must be text or a number, but is of type object/,
    ],
  ])('refuses a file of %s as ingestion does', async (_, odd, message) => {
    const file = write(['refused.jsonl', change(() => odd)]);

    await expect(train(file)).rejects.toThrow(message);
  });
});

describe('One reader of columns behind all doors', () => {
  const mapped = {
    ...pipeline,
    interactions: {
      ...pipeline.interactions,
      file: { encoding: 'latin-1' },
      columns: {
        user_id: { column: 'Käufer', wholeNumber: true },
        item_id: 'Ware',
        timestamp: { column: 'Zeit', format: 'DD.MM.YYYY HH:mm:ss', zone: 'Europe/Berlin' },
        event_type: {
          rules: [
            { when: { column: 'Beleg', startsWith: 'K' }, is: 'click' },
            { when: { column: 'Beleg', startsWith: 'L' }, is: 'look' },
          ],
          otherwise: 'buy',
        },
      },
      leaveOut: [{ column: 'Käufer', isEmpty: true }],
      items: { columns: { item_id: 'Ware', title: 'Name' }, otherColumns: 'leave-out' },
    },
  };
  withIngestion('mapped-test', mapped);
  const using = parseConfig(mapped, 'test');

  const berlin = new Intl.DateTimeFormat('de-DE', {
    timeZone: 'Europe/Berlin',
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
  const rows = plain.map(({ user_id, item_id, timestamp, event_type }) => ({
    Käufer: `${user_id.slice(1)}.0`,
    Ware: item_id,
    Zeit: berlin.format(timestamp * 1000).replace(',', ''),
    Beleg: `${event_type === 'click' ? 'K' : event_type === 'look' ? 'L' : ''}1`,
  }));
  const table = [...rows, { ...rows[0]!, Käufer: '' }].map((row) => Object.values(row).join(';'));
  const text = ['Käufer;Ware;Zeit;Beleg', ...table].join('\n');
  const catalogue = Array.from({ length: 20 }, (_, i) => `i${i};Ding ${i};leer`);

  it.each([
    ['a table', 'verkauf.csv', Buffer.from(text, 'latin1')],
    ['a gzipped table', 'verkauf.csv.gz', gzipSync(Buffer.from(text, 'latin1'))],
  ])('reads %s of somebody else as the night does, and as what it means', async (_, name, body) => {
    // Arrange
    const meaning = jsonLines(plain.map((row) => ({ ...row, user_id: row.user_id.slice(1) })));
    const items = Buffer.from(['Ware;Name;Farbe', ...catalogue].join('\n'), 'latin1');

    // Act
    const titles = Array.from({ length: 20 }, (_, i) => ({ item_id: `i${i}`, title: `Ding ${i}` }));
    const meant = await train(
      write(['meant.jsonl', meaning]),
      write(['titles.jsonl', jsonLines(titles)]),
    );
    const byTrain = await train(write([name, body]), write(['waren.csv', items]), using);
    const byNight = await nightOf(using, ['catalog/waren.csv', items], [`logs/${name}`, body]);

    // Assess
    expect(byNight.dataHash).toBe(meant.dataHash);
    expect(byTrain).toEqual(byNight);
  });
});

describe('One reader of formats behind all doors', () => {
  const utf16 = {
    ...pipeline,
    interactions: { ...pipeline.interactions, file: { encoding: 'utf-16' } },
  };
  withIngestion('utf-16-test', utf16);
  const using = parseConfig(utf16, 'test');

  it.each([
    ['with a byte order mark', Buffer.from(`\uFEFF${csv(plain)}`, 'utf16le')],
    ['without one', Buffer.from(csv(plain), 'utf16le')],
    ['big-endian', Buffer.from(`\uFEFF${csv(plain)}`, 'utf16le').swap16()],
  ])('reads UTF-16 %s', async (_, body) => {
    const meant = await train(write(['meant.jsonl', jsonLines(plain)]));
    const byTrain = await train(write(['wide.csv', body]), undefined, using);
    const byNight = await nightOf(using, ['logs/wide.csv', body]);

    expect(byNight.dataHash).toBe(meant.dataHash);
    expect(byTrain).toEqual(byNight);
  });

  it('refuses what is none, and says which setting says so', async () => {
    const odd = Buffer.concat([Buffer.from('\uFEFFuser_id', 'utf16le'), Buffer.from([0x00, 0xd8])]);

    await expect(train(write(['odd.csv', odd]), undefined, using)).rejects.toThrow(
      /odd\.csv is not UTF-16 text, as the configuration's "encoding" says/,
    );
  });
});
