import { nativeEnvironment } from '#lib/graph/native-environment.ts';
import { PipelineError } from '#lib/pipeline/errors.ts';
import { folders, readJob, writeFailure } from './contract.ts';

/** Entry point of the training container: `node main.ts train` (docs/contracts.md, 6). */
async function main(argument: string | undefined): Promise<number> {
  const target = folders();
  let isStopping = false;
  // SageMaker sends SIGTERM 120 s before it kills (a spot interruption, a stopped job).
  process.on('SIGTERM', () => {
    isStopping = true;
  });
  try {
    if (argument !== 'train') {
      throw new PipelineError(
        'ConfigError',
        `Unknown command ${argument ?? '(none)'}: use "train".`,
      );
    }
    const job = readJob(target.root);
    // Loaded after the job is known to be right: TensorFlow takes seconds.
    if (job.task === 'score') {
      const { scoreChampion } = await import('./score.ts');
      scoreChampion(target, job.run);
      return 0;
    }
    const { train } = await import('./train.ts');
    const isComplete = await train(target, job, () => isStopping);
    return isComplete ? 0 : 143;
  } catch (error) {
    const { name, message, stack } = error as Error;
    writeFailure(target, `${name}: ${message}`);
    if (!(error instanceof PipelineError)) process.stderr.write(`${stack}\n`);
    return 1;
  }
}

/** glibc reads these when a process starts; one that was started without them replaces itself once. */
function ensureNativeEnvironment(): void {
  if (process.env.MALLOC_MMAP_THRESHOLD_ !== undefined || process.execve === undefined) return;
  const args = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ...process.argv.slice(1),
  ];
  process.execve(process.execPath, args, { ...nativeEnvironment(), ...process.env });
}

ensureNativeEnvironment();
process.exitCode = await main(process.argv[2]);
