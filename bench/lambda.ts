import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { startObjectStore } from '#local/object-store/server.ts';
import { bundleFunctions, bundling, functionNames } from '#stacks/bundles.ts';
import { root } from '../setup/paths.mjs';
import { bundleOf, environmentOf } from './lambda/function.ts';
import { median, startInstance } from './lambda/instance.ts';

/**
 * `npm run bench -- lambda [--rounds N]`: size and cold import of every function's bundle beside a handler that has the
 * client of S3 only (what a recommendation takes: `npm run bench -- serving`). One JSON line a number; a ratio above 1
 * is better than the peer. Sizes are of the gzipped bundle, times are medians over new processes, taken by turns. Close
 * everything else.
 */
const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(options.rounds);
/** The largest bundle, gzipped, that a function apart from the serving ones may have. */
const sizeLimit = 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), 'bench-lambda-'));
const bare = join(folder, 'bare.mjs');
const store = await startObjectStore({ dir: join(folder, 'objects') });
try {
  bundleFunctions(root);
  const entryPoints = [join(root, 'bench/lambda/bare.ts')];
  buildSync({ ...bundling, entryPoints, outfile: bare });
  const names = functionNames(root);
  const sizeOf = (path: string) => gzipSync(readFileSync(path)).length;
  for (const name of names) {
    print(name, 'size', sizeOf(bundleOf(name)), 'bytes', 'limit', sizeLimit);
  }
  const environment = environmentOf(store, '/nowhere');
  const times = new Map([bare, ...names.map(bundleOf)].map((path) => [path, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [path, each] of times) each.push((await startInstance(path, environment)).imported);
  }
  const peer = median(times.get(bare)!);
  for (const name of names) {
    print(name, 'cold import', median(times.get(bundleOf(name))!), 'ms', 'S3 client only', peer);
  }
} finally {
  await store.stop();
  rmSync(folder, { recursive: true });
}

function print(
  name: string,
  metric: string,
  value: number,
  unit: string,
  peer: string,
  peerValue: number,
): void {
  const ratio = peerValue / value;
  console.log(
    JSON.stringify({ bench: 'lambda', case: name, metric, value, unit, peer, peerValue, ratio }),
  );
}
