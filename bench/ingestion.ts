import { execFile } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import type { IngestionCost } from './ingestion/job.ts';
import { asJsonLines, generateInteractions } from './scale/interactions.ts';

/**
 * `npm run bench -- ingestion [--interactions 1e6] [--items 20000] [--rounds 5]`: reading a file of interactions as an upload is
 * read (every check and count, rows sorted by user) beside DuckDB, which reads the same gzipped file, checks the same types and
 * writes Parquet, unsorted and sorted by user. Both as processes of their own, by turns; processor seconds a million rows,
 * medians; a ratio above 1 is better than DuckDB. The first round warms the disk's cache and does not count.
 */
const { values } = parseArgs({
  options: {
    interactions: { type: 'string', default: '1e6' },
    items: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
  },
});
const interactions = Number(values.interactions);
const run = promisify(execFile);

async function take(program: string, ...job: string[]): Promise<IngestionCost> {
  const script = fileURLToPath(new URL(`ingestion/${program}.ts`, import.meta.url));
  const { stdout } = await run(process.execPath, [script, ...job]);
  const cost = JSON.parse(stdout) as IngestionCost;
  if (cost.rows !== interactions) {
    throw new Error(`${program} took ${cost.rows} of ${interactions} rows.`);
  }
  return cost;
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const rounded = (value: number) => Number(value.toPrecision(3));

const dir = mkdtempSync(join(tmpdir(), 'ingestion-'));
try {
  for (const [name, ending] of [
    ['JSON lines', 'jsonl.gz'],
    ['CSV', 'csv.gz'],
  ] as const) {
    const file = join(dir, `interactions.${ending}`);
    const data = { interactions, items: Number(values.items), seed: 1, isFull: true };
    const rows = generateInteractions(data);
    const text = ending === 'jsonl.gz' ? asJsonLines(rows) : rows;
    await pipeline(Readable.from(text), createGzip(), createWriteStream(file));
    const costs = { ours: [], unsorted: [], sorted: [] } as Record<string, IngestionCost[]>;
    for (let round = 0; round <= Number(values.rounds); round++) {
      const ours = await take('subject', file, join(dir, 'rows'));
      const unsorted = await take('peer', file, join(dir, 'parquet'));
      const sorted = await take('peer', file, join(dir, 'parquet'), 'sorted');
      if (round === 0) continue;
      costs.ours!.push(ours);
      costs.unsorted!.push(unsorted);
      costs.sorted!.push(sorted);
    }
    for (const peer of ['unsorted', 'sorted']) {
      print(
        name,
        peer,
        'CPU seconds a million',
        's',
        ({ cpuSeconds }) => cpuSeconds / (interactions / 1e6),
      );
      print(name, peer, 'wall', 's', ({ seconds }) => seconds);
      print(name, peer, 'largest process', 'MB', ({ megabytes }) => megabytes);
      print(name, peer, 'written', 'MB', ({ bytes }) => bytes / 1e6);
    }

    function print(
      format: string,
      peer: string,
      metric: string,
      unit: string,
      of_: (cost: IngestionCost) => number,
    ) {
      const pairs = costs.ours!.map((own, round) => [of_(own), of_(costs[peer]![round]!)] as const);
      console.log(
        JSON.stringify({
          bench: 'ingestion',
          case: `${interactions} rows, ${format}`,
          metric,
          value: rounded(median(pairs.map(([own]) => own))),
          unit,
          peer: `DuckDB, ${peer}`,
          peerValue: rounded(median(pairs.map(([, other]) => other))),
          ratio: rounded(median(pairs.map(([own, other]) => other / own))),
        }),
      );
    }
  }
} finally {
  rmSync(dir, { recursive: true });
}
