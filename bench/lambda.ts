import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { buildSync } from 'esbuild';
import { startObjectStore } from '#local/object-store/server.ts';
import { createObjects } from '#platform/objects.ts';
import { bundleFunctions, bundling, functionNames } from '#stacks/bundles.ts';
import { buildTensorflowLayer } from '../layers/tensorflow/layer.ts';
import { root } from '../setup/paths.mjs';
import { crown } from './lambda/champion.ts';
import { median, quantile, type Started, startInstance } from './lambda/instance.ts';

/**
 * `npm run bench -- lambda [--rounds N] [--requests N] [--items N]`: size and cold import of every function's bundle
 * beside a handler that has the client of S3 only, and what one recommendation takes by a network and by one
 * that is joined with all that rivals are made of, each beside the same function without the layer of WebAssembly kernels. One JSON line a number; a ratio above 1 is better than the peer. Sizes are of the
 * gzipped bundle, times are medians over new processes, taken by turns. Close everything else.
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    requests: { type: 'string', default: '2000' },
    items: { type: 'string', default: '18000' },
  },
});
const rounds = Number(options.rounds);
/** The largest bundle, gzipped, that a function apart from the serving ones may have. */
const sizeLimit = 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), 'bench-lambda-'));
const bare = join(folder, 'bare.mjs');
const store = await startObjectStore({ dir: join(folder, 'objects') });
try {
  store.createBucket('data');
  bundleFunctions(root);
  const entryPoints = [join(root, 'bench/lambda/bare.ts')];
  buildSync({ ...bundling, entryPoints, outfile: bare });
  await measureBundles();
  await measureRecommendations();
} finally {
  await store.stop();
  rmSync(folder, { recursive: true });
}

async function measureBundles(): Promise<void> {
  const names = functionNames(root);
  const sizeOf = (path: string) => gzipSync(readFileSync(path)).length;
  for (const name of names) {
    print(name, 'size', sizeOf(bundleOf(name)), 'bytes', 'limit', sizeLimit);
  }
  const environment = environmentOf('/nowhere');
  const times = new Map([bare, ...names.map(bundleOf)].map((path) => [path, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [path, each] of times) each.push((await startInstance(path, environment)).imported);
  }
  const peer = median(times.get(bare)!);
  for (const name of names) {
    print(name, 'cold import', median(times.get(bundleOf(name))!), 'ms', 'S3 client only', peer);
  }
}

async function measureRecommendations(): Promise<void> {
  const environment = environmentOf(buildTensorflowLayer(root));
  Object.assign(process.env, environment);
  const items = Number(options.items);
  const objects = createObjects(new S3Client({ forcePathStyle: true }), 'data');
  const take = async (window: number, environment: Record<string, string>) => {
    const started: Started[] = [];
    for (let round = 0; round < rounds; round++) {
      const requests = round === 0 ? Number(options.requests) + 1 : 1;
      const asked = { requests, items, window };
      started.push(await startInstance(bundleOf('recommend'), environment, asked));
    }
    return {
      'start to first answer': median(started.map((one) => one.firstAnswer!)),
      'warm p50': median(started[0]!.later),
      'warm p99': quantile(started[0]!.later, 0.99),
    };
  };
  for (const kind of ['network', 'joined'] as const) {
    const window = await crown(objects, items, kind);
    const withLayer = await take(window, environment);
    const without = await take(window, environmentOf('/nowhere'));
    for (const metric of ['start to first answer', 'warm p50', 'warm p99'] as const) {
      const name = `recommend, ${kind}, ${items} items, window ${window}`;
      print(name, metric, withLayer[metric], 'ms', 'plain JavaScript', without[metric]);
    }
  }
}

function bundleOf(name: string): string {
  return join(root, '.cache/bundles', name, 'handler.mjs');
}

/** Everything that any of the functions reads when it is imported. */
function environmentOf(optRoot: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: store.endpoint,
    AWS_REGION: store.region,
    AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_SERVICE_NAME: 'bench',
    POWERTOOLS_METRICS_NAMESPACE: 'bench',
    BUCKET: 'data',
    OPT_ROOT: optRoot,
    PIPELINE_CONFIG: readFileSync(join(root, 'config/pipeline.json'), 'utf8'),
    PARSE_QUEUE_URL: `${store.endpoint}/000000000000/parse`,
    BATCH_QUEUE_URL: `${store.endpoint}/000000000000/batch`,
    COUNT: '20',
    RUN_DAYS: '30',
    CHAMPIONS: '5',
    EVENT_BUS: 'bench',
    DEPLOYMENT: 'bench',
    TIME_ZONE: 'UTC',
    EXECUTION_ARN: 'arn:aws:states:eu-west-1:000000000000:execution:bench',
  };
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
