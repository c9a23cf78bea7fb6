import { spawn } from 'node:child_process';
import {
  constants,
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { gunzippedLines } from '#lib/interactions/packing.ts';
import { runSummary } from '#lib/report/summary.ts';

/**
 * `npm run bench -- nights [--interactions FILE] [--items FILE] [--config FILE] [--share 0.01] [--out FOLDER]`: how long a night
 * takes on the log without its newest share, and how long the next one on all of it, by `lea run`. Seconds by state are those
 * that it prints; CPU seconds are of all its processes. A night that was measured is kept in the folder.
 */
const { values } = parseArgs({
  options: {
    interactions: { type: 'string', default: 'examples/movietweetings/interactions.jsonl.gz' },
    items: { type: 'string', default: 'examples/movietweetings/items.jsonl.gz' },
    config: { type: 'string', default: 'examples/movietweetings/config.json' },
    share: { type: 'string', default: '0.01' },
    out: { type: 'string', default: 'out/bench-nights' },
  },
});
const out = resolve(values.out);
const nights = ['first', 'second'] as const;
type Night = (typeof nights)[number];

const measured = z.strictObject({
  seconds: z.number(),
  cpuSeconds: z.number(),
  /** By what the command prints, in its order. */
  states: z.array(z.strictObject({ name: z.string(), seconds: z.number() })),
  summary: runSummary,
});
type Measured = z.infer<typeof measured>;

/** Writes the log in two files, by time. @returns how many rows each has */
async function splitLog(): Promise<Record<Night, number>> {
  const rows: { readonly line: string; readonly timestamp: number }[] = [];
  const file = createReadStream(values.interactions);
  const lines = values.interactions.endsWith('.gz')
    ? gunzippedLines(file, values.interactions)
    : createInterface({ input: file });
  for await (const line of lines) {
    if (line !== '') rows.push({ line, timestamp: Number(JSON.parse(line).timestamp) });
  }
  rows.sort((a, b) => a.timestamp - b.timestamp);
  const left = Math.round(rows.length * (1 - Number(values.share)));
  const parts = { first: rows.slice(0, left), second: rows.slice(left) };
  for (const night of nights) {
    writeFileSync(logOf(night), parts[night].map(({ line }) => `${line}\n`).join(''));
  }
  return { first: parts.first.length, second: parts.second.length };
}

const logOf = (night: Night) => join(out, `${night}.jsonl`);
const folderOf = (night: Night) => join(out, night);

/** Runs a night, or reads what an earlier call measured of it. */
async function measure(night: Night): Promise<Measured> {
  const kept = join(out, `${night}.json`);
  if (existsSync(kept)) return measured.parse(JSON.parse(readFileSync(kept, 'utf8')));
  // One that was interrupted would go on, and take less.
  rmSync(folderOf(night), { recursive: true, force: true });
  if (night === 'second') {
    cpSync(folderOf('first'), folderOf(night), {
      recursive: true,
      mode: constants.COPYFILE_FICLONE,
    });
  }
  const begun = performance.now();
  const { states, cpuSeconds } = await runNight(night);
  const seconds = (performance.now() - begun) / 1000;
  const summary = JSON.parse(readFileSync(join(folderOf(night), 'summary.json'), 'utf8'));
  const found = measured.parse({ seconds, cpuSeconds, states, summary });
  writeFileSync(kept, `${JSON.stringify(found, null, 2)}\n`);
  return found;
}

/** `lea run` in a shell, which says in the end how much its processes have computed. */
async function runNight(night: Night): Promise<Pick<Measured, 'states' | 'cpuSeconds'>> {
  const command = [process.execPath, 'bin/lea.mjs', 'run', '--interactions', logOf(night)];
  command.push('--items', values.items, '--config', values.config, '--out', folderOf(night));
  const child = spawn('bash', ['-c', '"$@" && times', 'bash', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const states: Measured['states'] = [];
  let cpuSeconds = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const state = /^ *\d+ s {2}(\S.*?) {2,}([\d.]+) s$/.exec(line);
    if (state !== null) states.push({ name: nameOf(state[1]!), seconds: Number(state[2]) });
    // The last of two lines is of the processes that it waited for: minutes and seconds, user and system.
    const used = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(line)?.slice(1).map(Number);
    if (used !== undefined) cpuSeconds = 60 * (used[0]! + used[2]!) + used[1]! + used[3]!;
    process.stderr.write(`${line}\n`);
  }
  const code = child.exitCode ?? (await new Promise<number>((ended) => child.on('exit', ended)));
  if (code !== 0) throw new Error(`The ${night} night ended with ${code}.`);
  return { states, cpuSeconds };
}

const nameOf = (state: string) =>
  state.replace(/^ingested .*(interactions|items)\b.*/, 'ingest $1');

function report(metric: string, value: number, peerValue: number, unit: string, more = {}): void {
  console.log(
    JSON.stringify({
      bench: 'nights',
      case: `second night, ${values.share} new rows`,
      metric,
      value: Number(value.toPrecision(4)),
      unit,
      peer: 'first night',
      peerValue: Number(peerValue.toPrecision(4)),
      ratio: value === 0 ? null : Number((peerValue / value).toPrecision(3)),
      ...more,
    }),
  );
}

mkdirSync(out, { recursive: true });
const rows = await splitLog();
const first = await measure('first');
const second = await measure('second');
const secondsOf = ({ states }: Measured, name: string) =>
  states.filter((state) => state.name === name).reduce((sum, { seconds }) => sum + seconds, 0);
for (const name of new Set([...first.states, ...second.states].map((state) => state.name))) {
  report(name, secondsOf(second, name), secondsOf(first, name), 's');
}
report('rows uploaded', rows.second, rows.first, '');
report('whole night', second.seconds, first.seconds, 's', {
  share: Number((second.seconds / first.seconds).toFixed(3)),
});
report('whole night', second.cpuSeconds, first.cpuSeconds, 'CPU s', {
  share: Number((second.cpuSeconds / first.cpuSeconds).toFixed(3)),
});
const bestOf = ({ models }: Measured['summary']) => Math.max(...models.map(({ ndcg10 }) => ndcg10));
report('test ndcg@10 of the best model', bestOf(second.summary), bestOf(first.summary), '', {
  trained: second.summary.models.map(({ name }) => name),
  leftOut: second.summary.leftOut,
});
