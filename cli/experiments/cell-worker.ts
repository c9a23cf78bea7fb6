import { PipelineError } from '#lib/contracts/errors.ts';
import type { FromWorker, ToWorker } from './cell-messages.ts';
import { CellRunner } from './cell-run.ts';
import { readData } from './experiment-data.ts';

// A process of its own, since TensorFlow knows one stream of work a process. Whoever started it tells it to stop: the
// terminal's interruption reaches both.
let runner: Promise<CellRunner> | undefined;
let isStopped = false;

const say = (message: FromWorker) => process.send!(message);

process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'begin':
      runner = open(message.options);
      // Whoever asks for a cell is told.
      runner.catch(() => undefined);
      break;
    case 'stop':
      isStopped = true;
      break;
    case 'run':
      void run(message.cell);
  }
});

async function open(options: Extract<ToWorker, { kind: 'begin' }>['options']): Promise<CellRunner> {
  const { built, answerer } = await readData(options, {}, { isWritten: false });
  return new CellRunner(options, built, answerer);
}

async function run(cell: Extract<ToWorker, { kind: 'run' }>['cell']): Promise<void> {
  try {
    const { name, seed } = cell;
    await (await runner!).run(cell, {
      shouldStop: () => isStopped,
      onProgress: (progress) =>
        say({ kind: 'progress', progress: { stage: 'train', cell: name, seed, ...progress } }),
    });
    say({ kind: 'done' });
  } catch (error) {
    const { message } = error as Error;
    say({ kind: 'failed', code: error instanceof PipelineError ? error.code : undefined, message });
  }
}
