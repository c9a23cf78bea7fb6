import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { synthesise } from '#cli/one-machine/assembly.ts';
import { localImages } from '#cli/one-machine/images.ts';
import { type Cloud, startCloud } from '#local/cloud.ts';
import { functionPrefix, model, objectsOf, steps } from './scale/steps.ts';

/**
 * `npm run bench -- scale [--interactions 1e6,3e6] [--items 20000] [--bucket 1e6] [--until STEP] [--dir DIR]`: what each function of
 * ingestion, of a night's first states, of the verdict and of the lists for everybody takes of generated data: processor seconds a
 * million interactions, memory of the largest process. The functions run from their bundles, as in `lea run`; `--bucket` is
 * `sequences.bucketInteractions`; the figures are the `REPORT` lines of their logs. A network that finds nothing stands for the
 * trained one; lists are made for the first and the last part of the users, and their seconds are those of all users at that rate.
 * With `--dir` the data stay, and the same command goes on after the last step that ended.
 */
const { values } = parseArgs({
  options: {
    interactions: { type: 'string', default: '1e6,3e6' },
    items: { type: 'string', default: '20000' },
    bucket: { type: 'string' },
    until: { type: 'string', default: steps.at(-1)!.name },
    dir: { type: 'string' },
  },
});
const last = steps.findIndex(({ name }) => name === values.until);
if (last === -1) throw new Error(`--until is one of ${steps.map(({ name }) => name).join(', ')}.`);

const config = {
  ...(values.bucket && { sequences: { bucketInteractions: Number(values.bucket) } }),
  training: { models: [{ name: model, backbone: 'sasrec', objective: 'supervised' }] },
};

interface Report {
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/** The `REPORT` lines of all functions, by their names without the deployment's. */
function reportsIn(logs: string): Map<string, Report[]> {
  return new Map(
    readdirSync(logs)
      .filter((file) => file.startsWith(functionPrefix))
      .map((file) => {
        const lines = readFileSync(join(logs, file), 'utf8').matchAll(
          /^REPORT .*CPU Time: ([\d.]+) ms.*Max Memory Used: (\d+) MB$/gm,
        );
        const reports = [...lines].map(([, milliseconds, megabytes]) => {
          return { cpuSeconds: Number(milliseconds) / 1000, megabytes: Number(megabytes) };
        });
        return [file.slice(functionPrefix.length, -'.log'.length), reports] as const;
      }),
  );
}

/** Wall seconds of each step that has ended, and which share of its work it did. */
type Done = Record<string, { readonly seconds: number; readonly share: number }>;

async function measure(interactions: number, items: number, dir: string): Promise<void> {
  const configFile = join(dir, 'config.json');
  writeFileSync(configFile, JSON.stringify(config));
  const doneFile = join(dir, 'done.json');
  const done: Done = readDone(doneFile);
  const left = steps.slice(0, last + 1).filter(({ name }) => done[name] === undefined);
  const logs = join(dir, 'cloud', 'logs');
  if (left.length > 0) {
    const cloud: Cloud = await startCloud({
      assembly: await synthesise(configFile, new AbortController().signal),
      dir: join(dir, 'cloud'),
      images: localImages,
    });
    try {
      for (const step of left) {
        const begun = performance.now();
        const { share } = await step.take(cloud, objectsOf(cloud), { interactions, items }, dir);
        done[step.name] = { seconds: (performance.now() - begun) / 1000, share };
        writeFileSync(doneFile, JSON.stringify(done));
      }
    } finally {
      await cloud.stop();
    }
  }
  for (const [name, { seconds }] of Object.entries(done))
    print(interactions, name, 'wall', seconds, 's');
  for (const [name, reports] of reportsIn(logs)) {
    const cpu = reports.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
    const largest = Math.max(0, ...reports.map(({ megabytes }) => megabytes));
    const share = name === 'recommend-batch' ? (done.lists?.share ?? 1) : 1;
    print(interactions, name, 'CPU seconds a million', cpu / share / (interactions / 1e6), 's');
    print(interactions, name, 'largest process', largest, 'MB');
  }
}

function readDone(file: string): Done {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Done;
  } catch {
    return {};
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
  const dir =
    values.dir === undefined
      ? mkdtempSync(join(tmpdir(), 'scale-'))
      : join(values.dir, String(interactions));
  mkdirSync(dir, { recursive: true });
  try {
    await measure(interactions, Number(values.items), dir);
  } finally {
    if (values.dir === undefined) rmSync(dir, { recursive: true });
  }
}
