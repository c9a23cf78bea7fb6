import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PipelineError, ValidationError } from '#lib/contracts/errors.ts';
import { ensureNativeEnvironment } from '../../containers/trainer/native-process.ts';
import { nightConfig } from '../one-machine/config.ts';
import { Progress } from '../one-machine/progress.ts';
import { prepareSequences } from './prepare-sequences.ts';

/** `lea train` in a process of its own; what it takes is in `cli/commands/train.ts`. */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      interactions: { type: 'string' },
      format: { type: 'string', default: 'interactions' },
      sequences: { type: 'string' },
      augmented: { type: 'string' },
      config: { type: 'string' },
      model: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { interactions, sequences } = values;
  if (values.out === undefined || (interactions === undefined) === (sequences === undefined)) {
    throw new ValidationError('--out and either --interactions or --sequences are needed.');
  }
  const out = resolve(values.out);
  const { config } = nightConfig(values.config);
  const folder =
    sequences ??
    (await prepareSequences(interactions!, values.format, config.sequences, join(out, 'data')));
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      isStopping = true;
    });
  }
  const progress = new Progress(Date.now());
  const model = values.model ?? config.training.models[0]!.name;
  // Loaded after the options are known to be right: TensorFlow takes seconds.
  const { trainByHand } = await import('../../containers/trainer/by-hand.ts');
  const isComplete = await trainByHand(
    { sequences: folder, augmented: values.augmented, config, model, out },
    ({ stage, progress: share, values: facts }) =>
      progress.working(model, { stage, progress: share, note: noteOf(facts) }),
    () => isStopping,
  );
  progress.say(isComplete ? `${model} is in ${out}` : `${model} is stopped; run again to go on.`);
  return isComplete ? 0 : 143;
}

/** `epoch 3, loss 6.27, NDCG@10 0.1143, 45050 targets/s, at most 2 min 3 s left` */
function noteOf(facts: Readonly<Record<string, number | string | undefined>>): string {
  const { epoch, loss, targets_per_second: pace, eta_seconds: left } = facts;
  const ndcg = facts['validation_ndcg@10'];
  return [
    epoch === undefined ? undefined : `epoch ${epoch}`,
    loss === undefined ? undefined : `loss ${Number(loss).toPrecision(4)}`,
    ndcg === undefined ? undefined : `NDCG@10 ${Number(ndcg).toFixed(4)}`,
    pace === undefined ? undefined : `${pace} targets/s`,
    left === undefined ? undefined : `at most ${duration(Number(left))} left`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

const duration = (seconds: number) =>
  seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

ensureNativeEnvironment();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isForUser = error instanceof PipelineError;
  console.error(isForUser ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
