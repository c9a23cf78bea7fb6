import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '#lib/contracts/errors.ts';
import { python, root } from '../../setup/paths.mjs';

/**
 * Writes a base model's twin with random weights, of the same shape and with the same tokenizer, unless it is there.
 *
 * @param baseModels folder of the base models
 * @param twins folder in which the twin gets the name of its base model
 * @throws PipelineError `JobFailed` with what was said
 */
export async function randomBaseModel(
  baseModels: string,
  name: string,
  twins: string,
  signal: AbortSignal,
): Promise<void> {
  const out = join(twins, name);
  if (existsSync(join(out, 'origin.json'))) return;
  const program = ['-m', 'environment.random_base_model'];
  const where = ['--base-model', join(baseModels, name), '--out', out];
  const own = spawn(python, [...program, ...where], {
    cwd: join(root, 'containers/environment'),
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  let said = '';
  own.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve) => {
    own.on('error', (error) => {
      said += error.message;
    });
    own.on('close', resolve);
  });
  if (signal.aborted) throw new PipelineError('Stopped', 'Stopped; run again to go on.');
  if (code !== 0) throw new PipelineError('JobFailed', `The twin of ${name}: ${said.trim()}`);
}
