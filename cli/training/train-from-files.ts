import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ValidationError } from '#lib/contracts/errors.ts';
import { chooseModel, trainByHand } from '../../containers/trainer/by-hand.ts';
import { fileFormats } from '../data/interaction-file.ts';
import { prepareSequences } from '../data/prepare-sequences.ts';
import { describeReport } from '../data/upload-file.ts';
import { nightConfig } from '../one-machine/config.ts';
import { Progress } from '../one-machine/progress.ts';
import { listenForInterruption } from '../process/interruption.ts';

/** What `lea train` was asked for; `cli/commands/train.ts` says what each is. */
export interface TrainingRequest {
  /** This or `sequences`. */
  readonly interactions?: string | undefined;
  readonly format: string;
  readonly sequences?: string | undefined;
  readonly augmented?: string | undefined;
  /** `item-vectors.arrow`, under any name. */
  readonly vectors?: string | undefined;
  readonly config?: string | undefined;
  readonly model?: string | undefined;
  readonly out: string;
}

/**
 * Trains one model, with progress on the terminal, until it is done or somebody stops it.
 *
 * @throws Interrupted when somebody stopped it; the same request goes on from there
 * @throws PipelineError that says what is wrong
 */
export async function trainFromFiles(request: TrainingRequest): Promise<void> {
  const { interactions, sequences, augmented } = request;
  const out = resolve(request.out);
  const { config } = nightConfig(request.config);
  const model = chooseModel(config, request.model, request);
  const { name } = model;
  const progress = new Progress(Date.now());
  using interruption = listenForInterruption(() => progress.say('stopping after this step'));
  const vectors = request.vectors && channelOf(request.vectors, join(out, 'data/vectors'));
  const folder = sequences ?? (await prepare(interactions!));

  async function prepare(file: string): Promise<string> {
    const format = fileFormats.find((name) => name === request.format);
    if (format === undefined) {
      throw new ValidationError(
        `--format is "${request.format}"; it must be sequences or interactions.`,
      );
    }
    const source = { interactions: file, format };
    const { folder: prepared } = await prepareSequences(
      source,
      config,
      join(out, 'data'),
      (report) => {
        for (const line of describeReport(report)) progress.say(line);
      },
    );
    return prepared;
  }

  const isComplete = await trainByHand(
    { sequences: folder, augmented, vectors, model, out },
    ({ stage, progress: share, values: facts }) =>
      progress.working(name, { stage, progress: share, note: noteOf(facts) }),
    () => interruption.signal.aborted,
  );
  if (!isComplete) {
    progress.say(`${name} is stopped; the same command goes on from here`);
    throw interruption.signal.reason;
  }
  progress.say(`${name} is in ${out}`);
}

/**
 * A folder that looks like the trainer's channel.
 *
 * @throws ValidationError when there is no such file
 */
function channelOf(file: string, folder: string): string {
  if (!existsSync(file)) throw new ValidationError(`--vectors is ${file}, which does not exist.`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(file, join(folder, 'item-vectors.arrow'));
  return folder;
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
