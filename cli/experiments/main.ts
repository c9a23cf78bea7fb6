import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeReport } from '../data/upload-file.ts';
import { listenForInterruption } from '../process/interruption.ts';
import { runExperiment } from './experiment.ts';
import type { ExperimentOptions } from './options.ts';
import { experimentPicture, experimentTable } from './table.ts';

/**
 * Runs an experiment with progress on the terminal, and prints its table.
 *
 * @throws Interrupted when somebody stopped it; the same experiment goes on from there
 * @throws PipelineError that says what is wrong
 */
export async function experimentOnTerminal(options: ExperimentOptions): Promise<void> {
  using interruption = listenForInterruption(() => process.stdout.write('stopping\n'));
  const { signal } = interruption;
  try {
    const { results, path } = await runExperiment(options, {
      onReport: (report) => process.stdout.write(`${describeReport(report).join('\n')}\n`),
      shouldStop: () => signal.aborted,
      onProgress({ stage, ...values }) {
        const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
        const text = pairs.map(([name, value]) => `${name}=${brief(value)}`).join(' ');
        process.stdout.write(`stage=${stage} ${text}\n`);
      },
    });
    const table = experimentTable(results);
    writeFileSync(join(options.out, 'experiment.md'), `${table}\n`);
    writeFileSync(join(options.out, 'experiment.svg'), experimentPicture(results));
    process.stdout.write(`\n${table}\n\n${path}\n`);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stdout.write(`${(error as Error).message}\n`);
    throw signal.reason;
  }
}

const brief = (value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
