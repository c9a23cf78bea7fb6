import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  acceleratorEnvironment,
  acceleratorOf,
  compatibleDriver,
  gpuStacks,
  inferenceAmi,
} from '#lib/contracts/accelerators.ts';
import { operationsConfig } from '#lib/contracts/config/operations.ts';
import libtensorflow from '#lib/graph/libtensorflow.json' with { type: 'json' };

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('The table of GPUs', () => {
  const lock = read('containers/environment/requirements.lock');

  it('has the torch of the image, and the CUDA that its wheel brings', () => {
    const [, torch] = /^torch==(\S+)/m.exec(lock)!;
    const [, cuda] = /^nvidia-cuda-runtime==(\d+\.\d+)\./m.exec(lock)!;
    expect(gpuStacks.environment).toMatchObject({ library: `torch ${torch}`, cuda });
  });

  it('has the TensorFlow of the trainer', () => {
    expect(gpuStacks.trainer.library).toBe(`TensorFlow ${libtensorflow.version}`);
  });

  it('starts endpoints from a host that runs the image by itself', () => {
    expect(inferenceAmi.driver).toBeGreaterThanOrEqual(gpuStacks.environment.driver);
    expect(inferenceAmi.cuda).toBe(gpuStacks.environment.cuda);
  });

  it('names the compatibility libraries that the image has, of its CUDA and the driver that this needs', () => {
    const { cuda, driver } = gpuStacks.environment;
    expect(read('containers/environment/Dockerfile')).toContain(
      `/cuda-compat-${cuda.replace('.', '-')}_${driver}.`,
    );
    expect(compatibleDriver).toBeLessThan(driver);
  });

  it.each(['environment', 'trainer'])('lets the image of the %s at the GPU', (image) => {
    const dockerfile = read(`containers/${image}/Dockerfile`);
    expect(dockerfile).toMatch(/^ +NVIDIA_VISIBLE_DEVICES=all \\$/m);
    expect(dockerfile).toMatch(/^ +NVIDIA_DRIVER_CAPABILITIES=compute,utility$/m);
  });

  it('is in the documentation, row by row', () => {
    const page = read('docs/environment.md');
    for (const { library, cuda, driver } of Object.values(gpuStacks)) {
      expect(page).toContain(`| ${library} | ${cuda} | ${driver} |`);
    }
    expect(page).toContain(inferenceAmi.version);
  });
});

describe('Function: acceleratorOf', () => {
  it.each([
    'ml.g4dn.xlarge',
    'ml.g5.2xlarge',
    'ml.g6e.xlarge',
    'ml.p3.2xlarge',
    'ml.p5en.48xlarge',
    'ml.gr6.4xlarge',
  ])('%s has a GPU', (type) => {
    expect(acceleratorOf(type)).toBe('nvidia');
  });

  it.each(['ml.c6i.2xlarge', 'ml.m5.large', 'ml.inf2.xlarge', 'ml.trn1.2xlarge', 'ml.r5.large'])(
    '%s has none of NVIDIA’s',
    (type) => {
      expect(acceleratorOf(type)).toBe('none');
    },
  );
});

describe('The configuration', () => {
  it.each(['ml.inf2.xlarge', 'ml.inf1.xlarge', 'ml.trn1.2xlarge', 'ml.dl1.24xlarge'])(
    'takes no %s, whose accelerator nothing here computes on',
    (type) => {
      for (const list of [
        'environmentInstanceTypes',
        'vectorsInstanceTypes',
        'trainerInstanceTypes',
      ]) {
        const { error } = operationsConfig.safeParse({ [list]: [type] });
        expect(error?.issues[0]?.message).toMatch(/an accelerator that nothing here computes on/);
      }
    },
  );
});

describe('Function: acceleratorEnvironment', () => {
  it('tells a container what it needs to say what is wrong', () => {
    expect(acceleratorEnvironment('environment', 'nvidia', 'ami')).toStrictEqual({
      ACCELERATOR: 'nvidia',
      REQUIRED_NVIDIA_DRIVER: '580',
      COMPATIBLE_NVIDIA_DRIVER: '535',
      INFERENCE_AMI_VERSION: 'ami',
    });
    expect(acceleratorEnvironment('environment', 'none', 'ami')).toStrictEqual({
      ACCELERATOR: 'none',
    });
  });
});

describe('The instance types of the configuration', () => {
  it.each(['environmentInstanceTypes', 'trainerInstanceTypes'])('%s are of one kind', (key) => {
    const parsed = (types: string[]) => operationsConfig.safeParse({ [key]: types });
    expect(parsed(['ml.g5.xlarge', 'ml.c5.xlarge']).error?.issues[0]?.message).toContain(
      'with and without a GPU',
    );
    expect(parsed(['ml.c6i.xlarge', 'ml.c5.xlarge']).success).toBe(true);
  });
});
