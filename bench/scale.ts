import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { synthesise } from '#cli/one-machine/assembly.ts';
import { localImages } from '#cli/one-machine/images.ts';
import { type Cloud, startCloud } from '#local/cloud.ts';
import { functionPrefix, model, objectsOf, steps } from './scale/steps.ts';

/**
 * `npm run bench -- scale [--interactions 1e6,3e6] [--items 20000] [--bucket 1e6] [--until STEP] [--dir DIR]`: what each function of
 * ingestion, of a night's first states, of the verdict and of the lists for everybody takes of generated data: processor seconds a
 * million interactions, memory of the largest process, and how that compares with the size before. The functions run from their
 * bundles, as in `lea run`; `--bucket` is `sequences.bucketInteractions`; the figures are the `REPORT` lines of their logs. A network that finds nothing stands for the
 * trained one; lists are made for the first and the last part of the users, and their seconds are those of all users at that rate.
 * With `--dir` the data stay, and the same command, for some of the sizes too, goes on after the last step that ended.
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
const asked = steps.slice(0, last + 1);
const sizes = values.interactions.split(',').map(Number);

const config = {
  ...(values.bucket && { sequences: { bucketInteractions: Number(values.bucket) } }),
  training: { models: [{ name: model, backbone: 'sasrec', objective: 'supervised' }] },
};

/** What all processes of a function took in a step. */
const taken = z.strictObject({ cpuSeconds: z.number(), megabytes: z.number() });

/** A step that has ended: wall seconds, which share of its work it did, and what functions took. */
const ended = z.strictObject({
  step: z.string(),
  seconds: z.number(),
  share: z.number(),
  functions: z.record(z.string(), taken),
});
type Ended = z.infer<typeof ended>;

/** The `REPORT` lines of all functions, by their names without the deployment's. */
function reportsIn(logs: string): Map<string, z.infer<typeof taken>[]> {
  const files = existsSync(logs) ? readdirSync(logs) : [];
  return new Map(
    files
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

/** What functions took since there were these reports. */
function takenSince(before: ReturnType<typeof reportsIn>, logs: string): Ended['functions'] {
  const functions: Ended['functions'] = {};
  for (const [name, reports] of reportsIn(logs)) {
    const own = reports.slice(before.get(name)?.length ?? 0);
    if (own.length === 0) continue;
    functions[name] = {
      cpuSeconds: own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      megabytes: Math.max(...own.map(({ megabytes }) => megabytes)),
    };
  }
  return functions;
}

/** Takes the steps that are left. */
async function measure(interactions: number, dir: string): Promise<Ended[]> {
  const configFile = join(dir, 'config.json');
  writeFileSync(configFile, JSON.stringify(config));
  const doneFile = join(dir, 'done.json');
  const done = readDone(doneFile);
  const left = asked.slice(done.length);
  if (left.length === 0) return done;
  // Half an upload cannot be gone on with.
  if (done.length === 0) rmSync(join(dir, 'cloud'), { recursive: true, force: true });
  const logs = join(dir, 'cloud', 'logs');
  const assembly = await synthesise(configFile, new AbortController().signal);
  for (const { name, take } of left) {
    say(`${interactions} interactions, ${name} ... ${timeLeft(interactions, done.length)}`);
    const before = reportsIn(logs);
    // One of its own, so that no process has the memory of another step.
    const options = { assembly, dir: join(dir, 'cloud'), images: localImages };
    const cloud: Cloud = await startCloud(options);
    try {
      const begun = performance.now();
      const data = { interactions, items: Number(values.items) };
      const { share } = await take(cloud, objectsOf(cloud), data, dir);
      const seconds = (performance.now() - begun) / 1000;
      done.push({ step: name, seconds, share, functions: takenSince(before, logs) });
    } finally {
      await cloud.stop();
    }
    writeFileSync(doneFile, JSON.stringify(done));
    const { seconds } = done.at(-1)!;
    rates.set(name, seconds / (interactions / 1e6));
    say(`${interactions} interactions, ${name}: ${seconds.toFixed(0)} s`);
  }
  return done;
}

/** Wall seconds that a step took for a million interactions, of the last size. */
const rates = new Map<string, number>();

/** How long the steps may take that are left, once a size has told how long each takes. */
function timeLeft(interactions: number, done: number): string {
  const rest = [
    { size: interactions, left: asked.slice(done) },
    ...sizes.slice(sizes.indexOf(interactions) + 1).map((size) => ({ size, left: asked })),
  ];
  let seconds = 0;
  for (const { size, left } of rest) {
    for (const { name } of left) {
      const rate = rates.get(name);
      if (rate === undefined) return '';
      seconds += rate * (size / 1e6);
    }
  }
  return `about ${(seconds / 60).toFixed(1)} min left, if all grows evenly`;
}

const say = (text: string) => process.stderr.write(`${text.trimEnd()}\n`);

function readDone(file: string): Ended[] {
  return existsSync(file) ? z.array(ended).parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}

/** Prints what was measured of a size beside the one before. */
function report(interactions: number, done: readonly Ended[], before?: Result): void {
  for (const { step, seconds, share, functions } of done) {
    print(interactions, step, 'wall', seconds, 's');
    const earlier = before?.done.find((one) => one.step === step);
    for (const [name, own] of Object.entries(functions)) {
      const ofMillion = (of: typeof own, size: number, part: number) =>
        of.cpuSeconds / part / (size / 1e6);
      const other = earlier?.functions[name];
      const metric = 'CPU seconds a million';
      print(interactions, `${step}, ${name}`, metric, ofMillion(own, interactions, share), 's', {
        ...(other &&
          before &&
          ofPeer(before, ofMillion(other, before.interactions, earlier.share))),
      });
      print(interactions, `${step}, ${name}`, 'largest process', own.megabytes, 'MB', {
        ...(other && before && ofPeer(before, other.megabytes)),
      });
    }
  }
}

const ofPeer = ({ interactions }: Result, value: number) => {
  return { peer: `${interactions} interactions`, peerValue: value };
};

interface Result {
  readonly interactions: number;
  readonly done: readonly Ended[];
}

function print(
  interactions: number,
  what: string,
  metric: string,
  amount: number,
  unit: string,
  { peer, peerValue }: { readonly peer?: string; readonly peerValue?: number } = {},
): void {
  const rounded = (number: number) => Number(number.toPrecision(3));
  const line = { bench: 'scale', case: `${interactions}, ${what}`, metric, value: rounded(amount) };
  const compared =
    peerValue === undefined
      ? {}
      : { peer, peerValue: rounded(peerValue), ratio: rounded(peerValue / amount) };
  console.log(JSON.stringify({ ...line, unit, ...compared }));
}

let before: Result | undefined;
for (const interactions of sizes) {
  const dir =
    values.dir === undefined
      ? mkdtempSync(join(tmpdir(), 'scale-'))
      : join(values.dir, String(interactions));
  mkdirSync(dir, { recursive: true });
  try {
    const done = await measure(interactions, dir);
    for (const { step, seconds } of done) rates.set(step, seconds / (interactions / 1e6));
    report(interactions, done, before);
    before = { interactions, done };
  } finally {
    if (values.dir === undefined) rmSync(dir, { recursive: true });
  }
}
