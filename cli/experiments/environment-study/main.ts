import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { experimentHooks, onTerminal, writeExperiment } from '../main.ts';
import { readStudy } from './config.ts';
import { runStudy } from './study.ts';
import { studyTable } from './table.ts';

/** A study as it is asked for. */
export interface AskedStudy {
  /** The study's configuration. */
  readonly file: string;
  /** In place of the file's own. */
  readonly split: string | undefined;
  /** Folder of `results.json`, `study.md`, what an experiment writes, and everything behind them. */
  readonly out: string;
  readonly jobs: number;
}

/**
 * Runs a study and prints its frontier.
 *
 * @throws Interrupted when somebody stopped it; the same study goes on from there
 */
export async function study({ file, split, out, jobs }: AskedStudy): Promise<void> {
  const plan = readStudy(file, split);
  await onTerminal(async (progress, signal) => {
    const results = await runStudy(plan, out, jobs, experimentHooks(progress, signal));
    writeExperiment(out, results);
    const table = studyTable(results);
    writeFileSync(join(out, 'study.md'), `${table}\n`);
    const files = ['results.json', 'experiment.html'].map((name) => join(out, name));
    return `${table}\n\n${files.join('\n')}`;
  });
}
