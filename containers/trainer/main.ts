import { PipelineError } from '#lib/contracts/errors.ts';
import { folders, readJob, writeFailure } from './contract.ts';
import { ensureNativeEnvironment } from './native-process.ts';
import { isStopping } from './sigterm.ts';

/** Entry point of the training container: `node main.ts train` (docs/contracts.md, 6). */
async function main(argument: string | undefined): Promise<number> {
  const target = folders();
  try {
    if (argument !== 'train') {
      throw new PipelineError(
        'ConfigError',
        `Unknown command ${argument ?? '(none)'}: use "train".`,
      );
    }
    const job = readJob(target.root);
    // Loaded after the job is known to be right: TensorFlow takes seconds.
    const { hostDriver, requireAccelerator, usesGpu } = await import('./accelerator.ts');
    requireAccelerator(process.env, hostDriver(), usesGpu());
    if (job.task === 'score') {
      const { scoreChampion } = await import('./score.ts');
      await scoreChampion(target, job.run);
      return 0;
    }
    const { refit } = await import('./refit.ts');
    const { train } = await import('./train.ts');
    const work = job.task === 'refit' ? refit : train;
    const isComplete = await work(target, job, isStopping);
    return isComplete ? 0 : 143;
  } catch (error) {
    const { name, message, stack } = error as Error;
    writeFailure(target, `${name}: ${message}`);
    if (!(error instanceof PipelineError)) process.stderr.write(`${stack}\n`);
    return 1;
  }
}

ensureNativeEnvironment();
process.exitCode = await main(process.argv[2]);
