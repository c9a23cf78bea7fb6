import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { duration } from '#lib/report/format.ts';
import { describeReport } from '../data/upload-file.ts';
import { Progress } from '../one-machine/progress.ts';
import { listenForInterruption } from '../process/interruption.ts';
import { chartFiles } from './experiment-charts.ts';
import type { ExperimentHooks, ExperimentProgress } from './experiment-hooks.ts';
import { renderExperiment } from './experiment-page.ts';
import type { ExperimentResults } from './results.ts';
import { experimentPicture, experimentTable } from './table.ts';
import { concludeWhole, type RunPanel, runPanels, writeWholeResults } from './whole.ts';
import { renderWhole } from './whole-page.ts';
import { wholePicture, wholeTable } from './whole-table.ts';

/**
 * Runs an experiment with progress on the terminal, and prints its table.
 *
 * @param options those of an experiment, with `data` and `splits` or without
 * @throws Interrupted when somebody stopped it; the same experiment goes on from there
 * @throws PipelineError that says what is wrong
 */
export async function experimentOnTerminal(options: { readonly out: string }): Promise<void> {
  await onTerminal(async (progress, signal) => {
    const panels = await runPanels(options, experimentHooks(progress, signal), (panel) =>
      writeExperiment(panel.options.out, panel.results),
    );
    const [only] = panels;
    const isOne = panels.length === 1 && only!.name === '';
    const text = isOne ? experimentTable(only!.results) : writeTogether(options, panels);
    const files = ['results.json', 'experiment.html'].map((name) => join(options.out, name));
    return `${text}\n\n${files.join('\n')}`;
  });
}

/**
 * Does something long with progress on the terminal, and prints what it returns.
 *
 * @throws Interrupted when somebody stopped it
 */
export async function onTerminal(
  work: (progress: Progress, signal: AbortSignal) => Promise<string>,
): Promise<void> {
  const progress = new Progress(Date.now());
  using interruption = listenForInterruption(() => progress.say('stopping after this step'));
  const { signal } = interruption;
  try {
    process.stdout.write(`\n${await work(progress, signal)}\n`);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stdout.write(`${(error as Error).message}\n`);
    throw signal.reason;
  }
}

export const experimentHooks = (progress: Progress, signal: AbortSignal): ExperimentHooks => ({
  signal,
  onReport: (report) => process.stdout.write(`${describeReport(report).join('\n')}\n`),
  shouldStop: () => signal.aborted,
  onProgress: (own) => show(progress, own),
});

/** What people read of an experiment, beside its `results.json`. */
export function writeExperiment(out: string, results: ExperimentResults): void {
  writeFileSync(join(out, 'experiment.md'), `${experimentTable(results)}\n`);
  writeFileSync(join(out, 'experiment.svg'), experimentPicture(results));
  for (const [name, text] of Object.entries(chartFiles(results))) {
    writeFileSync(join(out, name), text);
  }
  writeFileSync(join(out, 'experiment.html'), renderExperiment(results));
}

function writeTogether(options: { readonly out: string }, panels: readonly RunPanel[]): string {
  const whole = concludeWhole(options, panels);
  const table = wholeTable(whole);
  const write = (name: string, text: string) => writeFileSync(join(options.out, name), text);
  writeWholeResults(options.out, whole);
  write('experiment.md', `${table}\n`);
  write('experiment.svg', wholePicture(whole));
  write('experiment.html', renderWhole(whole));
  return table;
}

function show(progress: Progress, own: ExperimentProgress): void {
  switch (own.stage) {
    case 'read':
      progress.say(`${own.actions} actions of ${own.users} users on ${own.items} items`);
      break;
    case 'panel':
      progress.say(own.name);
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
