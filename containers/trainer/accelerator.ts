import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { acceleratorVariables, gpuStacks } from '#lib/contracts/accelerators.ts';
import { PipelineError } from '#lib/contracts/errors.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';

/** Whether TensorFlow found a GPU that it can use. */
export function usesGpu(): boolean {
  return nativeBackend().isUsingGpuDevice;
}

/** The version of the host's NVIDIA driver; undefined when there is none to be seen. */
export function hostDriver(): string | undefined {
  return /\b\d{3}\.\d+(\.\d+)?\b/.exec(driverText())?.[0];
}

function driverText(): string {
  try {
    return readFileSync('/proc/driver/nvidia/version', 'utf8');
  } catch {
    const query = ['--query-gpu=driver_version', '--format=csv,noheader'];
    const asked = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 30_000 });
    return asked.stdout ?? '';
  }
}

/**
 * A job that was given a GPU computes on it or fails at once: a processor takes many times as long, at a GPU's price.
 *
 * @param environment what the pipeline says that the job was given
 * @throws {PipelineError} `AcceleratorUnavailable` with the versions of driver and CUDA
 */
export function requireAccelerator(
  environment: Readonly<Record<string, string | undefined>>,
  driver: string | undefined,
  hasGpu: boolean,
): void {
  if (environment[acceleratorVariables.accelerator] !== 'nvidia' || hasGpu) return;
  const { library, cuda, driver: required } = gpuStacks.trainer;
  throw new PipelineError(
    'AcceleratorUnavailable',
    'This job was given a GPU instance and finds no GPU that it can use; it does not compute on the processor instead. ' +
      `Host driver: ${driver ?? 'none found'}. ${library} computes on a GPU in an image that was built with TENSORFLOW_DEVICE=gpu ` +
      `(CUDA ${cuda}), which needs driver ${required} or newer. AMI: chosen by SageMaker, as for every training job. ` +
      'Build such an image, take an instance type with a newer driver, or one without a GPU (docs/trainer.md).',
  );
}
