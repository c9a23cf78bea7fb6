import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { duration } from '#lib/report/format.ts';
import { describeReport } from '../data/upload-file.ts';
import { Progress } from '../one-machine/progress.ts';
import { listenForInterruption } from '../process/interruption.ts';
import { runExperiment } from './experiment.ts';
import type { ExperimentProgress } from './experiment-hooks.ts';
import { renderExperiment } from './experiment-page.ts';
import type { ExperimentOptions } from './options.ts';
import { experimentPicture, experimentTable } from './table.ts';

/**
 * Runs an experiment with progress on the terminal, and prints its table.
 *
 * @throws Interrupted when somebody stopped it; the same experiment goes on from there
 * @throws PipelineError that says what is wrong
 */
export async function experimentOnTerminal(options: ExperimentOptions): Promise<void> {
  const progress = new Progress(Date.now());
  using interruption = listenForInterruption(() => progress.say('stopping after this step'));
  const { signal } = interruption;
  try {
    const { results, path } = await runExperiment(options, {
      signal,
      onReport: (report) => process.stdout.write(`${describeReport(report).join('\n')}\n`),
      shouldStop: () => signal.aborted,
      onProgress: (own) => show(progress, own),
    });
    const table = experimentTable(results);
    const page = join(options.out, 'experiment.html');
    writeFileSync(join(options.out, 'experiment.md'), `${table}\n`);
    writeFileSync(join(options.out, 'experiment.svg'), experimentPicture(results));
    writeFileSync(page, renderExperiment(results));
    process.stdout.write(`\n${table}\n\n${path}\n${page}\n`);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stdout.write(`${(error as Error).message}\n`);
    throw signal.reason;
  }
}

function show(progress: Progress, own: ExperimentProgress): void {
  switch (own.stage) {
    case 'read':
      progress.say(`${own.actions} actions of ${own.users} users on ${own.items} items`);
      break;
    case 'environment':
      progress.working('environment', { stage: own.name, progress: own.progress });
      break;
    case 'train': {
      const { cell, seed, epoch, validationNdcg } = own;
      const note =
        validationNdcg === undefined ? '' : `validation NDCG@10 ${validationNdcg.toFixed(4)}`;
      progress.working(`${cell}, seed ${seed}`, {
        stage: `epoch ${epoch}`,
        progress: own.progress,
        note,
      });
      break;
    }
    case 'done': {
      const { finished, cells, cell, seed, ndcg10, secondsLeft } = own;
      const left =
        secondsLeft === undefined || finished === cells
          ? ''
          : `, about ${duration(secondsLeft)} left`;
      progress.say(
        `${finished}/${cells} ${cell}, seed ${seed}: NDCG@10 ${ndcg10.toFixed(4)}${left}`,
      );
    }
  }
}
