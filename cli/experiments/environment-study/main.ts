import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeReport } from '../../data/upload-file.ts';
import { listenForInterruption } from '../../process/interruption.ts';
import { readStudy } from './config.ts';
import { runStudy } from './study.ts';
import { studyTable } from './table.ts';

/**
 * Runs a study and prints its frontier.
 *
 * @param file the study's configuration
 * @param split in place of the file's own
 * @param out folder of `results.json`, `study.md` and everything behind them
 * @throws Interrupted when somebody stopped it; the same study goes on from there
 */
export async function study(file: string, split: string | undefined, out: string): Promise<void> {
  const plan = readStudy(file, split);
  using interruption = listenForInterruption(() => console.log('stopping'));
  const { signal } = interruption;
  try {
    const results = await runStudy(plan, out, signal, {
      onProgress(cell, { name, stage, progress }) {
        if (progress === 1) console.log(`${cell}: ${name} ${stage} done`);
      },
      onReport: (report) => console.log(describeReport(report).join('\n')),
      onCell: (results) => writeFileSync(join(out, 'study.md'), `${studyTable(results)}\n`),
    });
    console.log(`\n${studyTable(results)}\n\n${join(out, 'results.json')}`);
  } catch (error) {
    if (!signal.aborted) throw error;
    console.log((error as Error).message);
    throw signal.reason;
  }
}
