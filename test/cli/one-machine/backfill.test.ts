import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { explain } from '#cli/commands/explain.ts';
import { expandFiles } from '#cli/data/expand-files.ts';
import { backfillBucket } from '#cli/one-machine/backfill.ts';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { Objects } from '#platform/objects.ts';
import { startIngestion } from '../../functions/ingest.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let ingestion: Awaited<ReturnType<typeof startIngestion>>;
let folder: string;
let uploaded: string[];
/** The bucket, with functions that work on what arrives. */
let objects: Objects;

beforeAll(async () => {
  const config = pipelineConfig.parse({
    training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn' }] },
  });
  ingestion = await startIngestion('backfill', config);
  objects = {
    ...ingestion.objects,
    async putStream(key, ...rest) {
      await ingestion.objects.putStream(key, ...rest);
      uploaded.push(key);
      await ingestion.notice(key);
    },
  };
});
afterAll(() => ingestion.stop());
beforeEach(() => {
  folder = temporaryFolder('history');
  uploaded = [];
  mkdirSync(join(folder, 'days'));
  writeFileSync(join(folder, 'items.csv'), 'item_id,title\ni1,One\ni2,Two\n');
  day(1, 'u,i1,1.6e9');
  day(2, 'u,i2,1600000001', 'v,i9,1600000002', 'w,i1,1600000003');
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function day(number: number, ...rows: string[]): void {
  const text = `user_id,item_id,timestamp\n${rows.join('\n')}\n`;
  writeFileSync(join(folder, `days/day-${number}.csv`), text);
}
const journal = () => join(folder, 'journal.json');
const backfill = (into: Objects = objects) =>
  backfillBucket(
    into,
    {
      items: expandFiles(join(folder, 'items.csv')),
      interactions: expandFiles(join(folder, 'days')),
    },
    journal(),
  );

describe('Function: backfillBucket', () => {
  it('uploads the catalogue, then the days in order, and waits for what ingestion says', async () => {
    // Act
    const code = await backfill();
    // Assess: the item that is in no catalogue is quarantined.
    expect(code).toBe(0);
    expect(uploaded).toStrictEqual(['catalog/items.csv', 'logs/day-1.csv', 'logs/day-2.csv']);
    const said = vi
      .mocked(process.stdout.write)
      .mock.calls.map(([text]) => String(text))
      .join('');
    expect(said).toContain('took 3 (1 quarantined, 0 duplicate) interactions of 2 files');
  });

  it('says on Ctrl-C what is kept, and goes on with the rest', async () => {
    // Arrange: somebody presses it while the first day is uploaded
    const pressed: Objects = {
      ...objects,
      async putStream(key, ...rest) {
        await objects.putStream(key, ...rest);
        if (key === 'logs/day-1.csv') process.emit('SIGINT', 'SIGINT');
      },
    };

    // Act
    const error = await backfill(pressed).catch((reason) => reason);

    // Assess
    expect(explain(error)).toEqual({ message: undefined, exitCode: 130 });
    const said = vi
      .mocked(process.stdout.write)
      .mock.calls.map(([text]) => String(text))
      .join('');
    expect(said).toContain('stopped; what was uploaded stays, and the same command goes on');
    expect(await backfill()).toBe(0);
    expect(uploaded.at(-1)).toBe('logs/day-2.csv');
  });

  it('goes on where it stopped: what is there is not uploaded again, what has changed is', async () => {
    // Arrange
    await backfill();
    uploaded = [];
    day(2, 'u,i2,1600000001');
    day(3, 'u,i1,1600000009');
    // Act
    await backfill();
    // Assess
    expect(uploaded).toStrictEqual(['logs/day-2.csv', 'logs/day-3.csv']);
  });

  it('says which file was refused, and uploads that one again when it has been put right', async () => {
    // Arrange
    day(2, 'nobody can read this');
    // Act
    await expect(backfill()).rejects.toThrow(/day-2\.csv/);
    const known = JSON.parse(readFileSync(journal(), 'utf8')).uploaded;
    uploaded = [];
    day(2, 'u,i2,1600000001');
    await backfill();
    // Assess
    expect(Object.keys(known)).toStrictEqual(['catalog/items.csv', 'logs/day-1.csv']);
    expect(uploaded).toStrictEqual(['logs/day-2.csv']);
  });

  it('writes over no file that is no journal of its own', async () => {
    writeFileSync(journal(), '{"mine": 1}');

    await expect(backfill()).rejects.toThrow(ValidationError);
    expect(readFileSync(journal(), 'utf8')).toBe('{"mine": 1}');
    expect(existsSync(`${journal()}.tmp`)).toBe(false);
    expect(uploaded).toStrictEqual([]);
  });
});
