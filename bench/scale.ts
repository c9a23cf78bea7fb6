import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { Upload } from '@aws-sdk/lib-storage';
import { synthesise } from '#cli/one-machine/assembly.ts';
import { localImages } from '#cli/one-machine/images.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { type Cloud, startCloud } from '#local/cloud.ts';
import { runStateMachine } from '#local/state-machine/run.ts';
import { generateInteractions } from './scale/interactions.ts';

/**
 * `npm run bench -- scale [--interactions 1e6,3e6] [--items 20000] [--bucket 1e6]`: what each function of ingestion and of a night's first
 * states takes of generated data: processor seconds a million interactions, memory of the largest process. The functions run
 * from their bundles, as in `lea run`; `--bucket` is `sequences.bucketInteractions`; the figures are the `REPORT` lines of their logs.
 */
const { values } = parseArgs({
  options: {
    interactions: { type: 'string', default: '1e6,3e6' },
    items: { type: 'string', default: '20000' },
    bucket: { type: 'string' },
  },
});

const config = {
  ...(values.bucket && { sequences: { bucketInteractions: Number(values.bucket) } }),
  training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
};
const prefix = 'lea-dev-';

interface Report {
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/** The `REPORT` lines of all functions, by their names without the deployment's. */
function reportsIn(logs: string): Map<string, Report[]> {
  return new Map(
    readdirSync(logs)
      .filter((file) => file.startsWith(prefix))
      .map((file) => {
        const lines = readFileSync(join(logs, file), 'utf8').matchAll(
          /^REPORT .*CPU Time: ([\d.]+) ms.*Max Memory Used: (\d+) MB$/gm,
        );
        const reports = [...lines].map(([, milliseconds, megabytes]) => {
          return { cpuSeconds: Number(milliseconds) / 1000, megabytes: Number(megabytes) };
        });
        return [file.slice(prefix.length, -'.log'.length), reports] as const;
      }),
  );
}

/** The first states of a night. */
async function runUntilBuilt(cloud: Cloud): Promise<void> {
  const isBuilt = new AbortController();
  const result = await runStateMachine({
    definition: cloud.stateMachine,
    input: { run: 'bench' },
    name: 'bench',
    resources: cloud.resources,
    objects: cloud.objects,
    onEvent: ({ type, path }) => {
      // The first state after those that build.
      if (type === 'state-entered' && path === 'PlanEnvironment') isBuilt.abort();
    },
    signal: isBuilt.signal,
  });
  if (!isBuilt.signal.aborted) throw new Error(`The night failed: ${result.error} ${result.cause}`);
}

async function measure(interactions: number, items: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'scale-'));
  const signal = new AbortController().signal;
  try {
    const file = join(dir, 'interactions.csv.gz');
    const rows = Readable.from(generateInteractions({ interactions, items, seed: 1 }));
    await pipeline(rows, createGzip(), createWriteStream(file));
    const configFile = join(dir, 'config.json');
    writeFileSync(configFile, JSON.stringify(config));
    const cloud = await startCloud({
      assembly: await synthesise(configFile, signal),
      dir: join(dir, 'cloud'),
      images: localImages,
    });
    try {
      const begun = performance.now();
      const Bucket = cloud.outputs.DataBucketName!;
      const Key = `${uploads.logsPrefix}interactions.csv.gz`;
      const Body = createReadStream(file);
      await new Upload({ client: cloud.s3, params: { Bucket, Key, Body } }).done();
      await cloud.drained();
      const ingested = performance.now();
      await runUntilBuilt(cloud);
      const built = performance.now();
      print(interactions, 'ingestion', 'wall', (ingested - begun) / 1000, 's');
      print(interactions, 'begin and build', 'wall', (built - ingested) / 1000, 's');
    } finally {
      await cloud.stop();
    }
    for (const [name, reports] of reportsIn(cloud.logs)) {
      const cpu = reports.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
      const largest = Math.max(0, ...reports.map(({ megabytes }) => megabytes));
      print(interactions, name, 'CPU seconds a million', cpu / (interactions / 1e6), 's');
      print(interactions, name, 'largest process', largest, 'MB');
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function print(interactions: number, step: string, metric: string, amount: number, unit: string) {
  const rounded = Number(amount.toPrecision(3));
  console.log(
    JSON.stringify({
      bench: 'scale',
      case: `${interactions}, ${step}`,
      metric,
      value: rounded,
      unit,
    }),
  );
}

for (const interactions of values.interactions.split(',').map(Number)) {
  await measure(interactions, Number(values.items));
}
