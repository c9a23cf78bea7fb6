import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { modelConfig, trainingSettings } from '#lib/contracts/config/training.ts';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import { createBatchSource } from '#lib/recommender/data/batch-source.ts';
import { collectRows, type TrainingPart } from '#lib/recommender/data/training-rows.ts';
import { describeNetwork } from '#lib/recommender/network.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { windowsOf } from '#lib/sequences/shards.ts';

/**
 * `npm run bench -- training-memory [--transitions 1e6,1e7] [--actions 10] [--designs lines,baskets]`: what a training holds of
 * its rows, without an environment: bytes a transition, at the most, of reading shards one after the other and planning two epochs.
 * Users have `--actions` actions on average, their number geometric. Every case is a process of its own.
 */
const { values } = parseArgs({
  options: {
    transitions: { type: 'string', default: '1e6,1e7' },
    actions: { type: 'string', default: '10' },
    designs: { type: 'string', default: 'lines,baskets' },
    alone: { type: 'boolean', default: false },
  },
});
const items = 2000;
const window = 50;
const actionsOfPart = 65_536;

/** Rows of users, as the shards of a run have them, until there are so many transitions. */
function* generate(transitions: number, mean: number): Generator<TrainingPart> {
  const random = randomStream(1, 'training-memory');
  let user = 0;
  let done = 0;
  while (done < transitions) {
    const part = { users: [] as string[], starts: [] as number[], offsets: [0] };
    let actions = 0;
    while (actions < actionsOfPart && done < transitions) {
      const length = 2 + Math.floor(-Math.log(1 - random.uniform()) * (mean - 2));
      for (const [begin, end] of windowsOf(length, window)) {
        part.users.push(`user-${user}`);
        part.starts.push(begin);
        actions += end - begin;
        done += end - begin - 1;
        part.offsets.push(actions);
      }
      user++;
    }
    const sequences = {
      users: part.users,
      starts: Int32Array.from(part.starts),
      offsets: Int32Array.from(part.offsets),
      items: Int32Array.from({ length: actions }, () => 1 + random.integer(items)),
      timestamps: Float64Array.from({ length: actions }, (_, at) => 1.7e9 + Math.floor(at / 2)),
      rewards: new Float32Array(actions).fill(1),
    };
    yield { sequences, augmented: undefined };
  }
}

async function measure(transitions: number, mean: number, baskets: boolean): Promise<void> {
  const size = { rows: 0, values: 0 };
  for (const { sequences } of generate(transitions, mean)) {
    size.rows += sequences.users.length;
    size.values += sequences.items.length;
  }
  const own = { name: 'a', backbone: 'sasrec', objective: 'supervised' };
  const model = resolveModel(trainingSettings.parse({}), modelConfig.parse(own));
  const before = process.memoryUsage().rss;
  const parts = generate(transitions, mean);
  const rows = await collectRows(parts, undefined, new Int32Array(items).fill(1), size);
  const network = describeNetwork(model, items, window, undefined, undefined, baskets);
  const source = createBatchSource({ rows, layout: batchLayout(model, network) });
  for (const epoch of [1, 2]) source.assemble(epoch, 0);
  const most = process.resourceUsage().maxRSS * 1024;
  const made = size.values - size.rows;
  const line = {
    bench: 'training-memory',
    case: `${baskets ? 'baskets' : 'lines'}, ${made} transitions, ${size.rows} rows`,
  };
  const value = Number(((most - before) / made).toPrecision(3));
  console.log(JSON.stringify({ ...line, metric: 'memory', value, unit: 'B a transition' }));
}

const sizes = values.transitions.split(',');
const designs = values.designs.split(',');
if (values.alone) await measure(Number(sizes[0]), Number(values.actions), designs[0] === 'baskets');
else {
  for (const design of designs) {
    for (const size of sizes) {
      const own = [
        '--alone',
        '--transitions',
        size,
        '--actions',
        values.actions,
        '--designs',
        design,
      ];
      execFileSync(process.execPath, [import.meta.filename, ...own], { stdio: 'inherit' });
    }
  }
}
