import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectUploadFile } from '#cli/data/upload-file.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { startIngestion } from '../../functions/ingest.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const pipeline = {
  training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
};
/** 64 MiB of lines, a thousand times behind one another: 64 MB that unfold to 64 GiB. */
const bomb = Buffer.concat(Array(1000).fill(gzipSync(Buffer.alloc(2 ** 26, 'x\n'), { level: 9 })));

let ingestion: Awaited<ReturnType<typeof startIngestion>>;
beforeAll(async () => {
  ingestion = await startIngestion('bombs', pipeline);
});
afterAll(() => ingestion.stop());

describe('A small gzipped file that unfolds to a very large one', () => {
  it('is as small, and as large, as it is said to be', () => {
    expect(bomb.length).toBeLessThan(2 ** 26 + 2 ** 20);
    expect(bomb.length).toBeGreaterThan(2 ** 25);
  });

  it.each([
    ['logs', uploads.logsPrefix],
    ['catalog', uploads.catalogPrefix],
  ] as const)('is refused as an upload below %s/, with a report', async (kind, prefix) => {
    // Act
    const report = await ingestion.ingest(`${prefix}bomb.jsonl.gz`, bomb);
    // Assess
    expect(report).toMatchObject({ status: 'failed', kind });
    expect(report.message).toMatch(/more than 200 times as large when uncompressed/);
    // It was not read any further than it takes to see that.
    expect(report.read).toBeLessThan(2 ** 23);
  });

  it.each(['logs', 'catalog'] as const)('is refused as %s on this machine', async (kind) => {
    // Arrange
    const file = join(temporaryFolder('bomb'), 'bomb.jsonl.gz');
    writeFileSync(file, bomb);
    const config = parseConfig(pipeline, 'test').interactions;
    // Act
    const outcome = await inspectUploadFile(file, kind, config, undefined, () => {}).then(
      ({ status, message }) => `${status}: ${message}`,
      (error: Error) => `${error.name}: ${error.message}`,
    );
    // Assess
    expect(outcome).toMatch(/^(failed|ValidationError): .*more than 200 times as large/);
  });
});
