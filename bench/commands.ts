import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { nodeBinary, root } from '../setup/paths.mjs';
import { median } from './lambda/instance.ts';

/**
 * `npm run bench -- commands [--out DIR] [--rounds N]`: how long commands take that need neither TensorFlow nor Python, from the
 * start of the process to its end, on the clock and of processors, beside the pinned Node.js that does nothing. `--out` is a
 * folder of `lea run`; without one, commands that read one are left out. One JSON line a number; medians, by turns.
 */
const { values: options } = parseArgs({
  options: { out: { type: 'string' }, rounds: { type: 'string', default: '9' } },
});

/** Milliseconds that are promised. */
const limit = 300;
const folder = mkdtempSync(join(tmpdir(), 'bench-commands-'));
const rows = join(folder, 'rows.csv');
writeFileSync(rows, 'user_id,item_id,timestamp\n1,2,1700000000\n');
/** Says at the end of a process what it took of processors. */
const told = `data:text/javascript,process.on('exit',()=>{const{user,system}=process.cpuUsage();console.error('processor '+(user+system)/1e3)})`;
const lea = join(root, 'bin/lea.ts');
const cases = new Map<string, readonly string[]>([
  ['node, nothing', ['--eval', '']],
  ...['--version', '--help', 'completion bash', `validate ${rows} --json`].map(own),
  ...[
    'cost --interactions 1000000 --items 20000',
    `init ${rows} --to ${join(folder, 'none/x')}`,
  ].map(own),
  ...(options.out === undefined ? [] : ['status', 'runs', 'uploads', 'champion show']).map((name) =>
    own(`${name} --out ${options.out}`),
  ),
]);
function own(line: string): readonly [string, readonly string[]] {
  return [`lea ${line.replaceAll(folder, '.')}`, [lea, ...line.split(' ')]];
}

interface Taken {
  readonly clock: number[];
  readonly processor: number[];
}

const taken = new Map(
  [...cases.keys()].map((name): [string, Taken] => [name, { clock: [], processor: [] }]),
);
try {
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [name, args] of cases) {
      const begin = performance.now();
      const { stderr } = await run(args);
      const { clock, processor } = taken.get(name)!;
      clock.push(performance.now() - begin);
      processor.push(Number(/processor ([\d.]+)/.exec(stderr)![1]));
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

for (const [name, { clock, processor }] of taken) {
  for (const [metric, values] of Object.entries({ clock, processor })) {
    const value = median(values);
    const line = { bench: 'commands', case: name, metric, value, unit: 'ms' };
    console.log(JSON.stringify({ ...line, peer: 'limit', peerValue: limit, ratio: limit / value }));
  }
}

/** What a command answers does not matter, nor whether it refuses. */
async function run(args: readonly string[]): Promise<{ readonly stderr: string }> {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, '.cache/compiled') };
  try {
    return await promisify(execFile)(nodeBinary(), ['--import', told, ...args], { env });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (stderr?.includes('processor') !== true) throw error;
    return { stderr };
  }
}
