/** What computes: an NVIDIA GPU that somebody pays for, or the processor. */
export type Accelerator = 'nvidia' | 'none';

/** What a program that computes on a GPU needs of the host below its container. */
export interface GpuStack {
  /** What brings CUDA's libraries into the image. */
  readonly library: string;
  /** The CUDA release that it was built for. */
  readonly cuda: string;
  /** The oldest branch of NVIDIA's driver that runs that release by itself. */
  readonly driver: number;
}

/**
 * The one table of what goes with what on GPU instances of SageMaker. An image, a driver and an AMI that do not match leave a
 * program without a GPU, and it would compute on the processor of a machine that costs many times as much.
 *
 * Sources, read in November 2026:
 * - CUDA 13 needs driver 580, CUDA 12 needs 525: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
 * - Endpoints on g4dn, g5 and p4d have driver 470 unless an AMI is asked for; the AMI below has driver 580 and CUDA 13.0:
 *   https://docs.aws.amazon.com/sagemaker/latest/dg/inference-gpu-drivers.html and `InferenceAmiVersion` in
 *   https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
 * - torch 2.13's wheel on PyPI is built for CUDA 13.0: its own requirements, in containers/environment/requirements.lock
 * - Nobody may choose the host of a training job, nor is its driver published. AWS's own images for CUDA 13 bring NVIDIA's
 *   forward compatibility libraries along and use them where the driver is older; so does ours:
 *   https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html (data centre GPUs, driver 535 and newer),
 *   https://docs.aws.amazon.com/sagemaker/latest/dg/container-nvidia-compliance.html,
 *   https://github.com/aws/deep-learning-containers/pull/6365 and https://github.com/aws/deep-learning-containers/pull/6187
 * - TensorFlow 2.21's wheel for GPUs asks for CUDA 12.5: its extra `and-cuda`
 */
export const gpuStacks = {
  environment: { library: 'torch 2.13.0', cuda: '13.0', driver: 580 },
  trainer: { library: 'TensorFlow 2.21.0', cuda: '12.5', driver: 525 },
} as const satisfies Record<string, GpuStack>;

/** What endpoints with a GPU start from. */
export const inferenceAmi = {
  version: 'al2023-ami-sagemaker-inference-gpu-4-1',
  driver: 580,
  cuda: '13.0',
} as const;

/** The oldest branch of the driver on which the environment's image runs with the compatibility libraries in it. */
export const compatibleDriver = 535;

/** Families with NVIDIA's GPUs: ml.g4dn, ml.g5, ml.g6e, ml.gr6, ml.p3, ml.p5en and so on. */
const gpuFamily = /^ml\.(g|gr|p)\d/;

/** What a SageMaker instance type has. */
export function acceleratorOf(instanceType: string): Accelerator {
  return gpuFamily.test(instanceType) ? 'nvidia' : 'none';
}

/** Environment variables by which a container is told what it has been given. */
export const acceleratorVariables = {
  accelerator: 'ACCELERATOR',
  driver: 'REQUIRED_NVIDIA_DRIVER',
  compatibleDriver: 'COMPATIBLE_NVIDIA_DRIVER',
  ami: 'INFERENCE_AMI_VERSION',
} as const;

/** Families with accelerators that nothing here computes on: AWS's Inferentia and Trainium, Intel's Gaudi. */
const otherFamily = /^ml\.(inf|trn|dl)\d/;

/** Whether an instance type has, and costs, an accelerator that would be idle while a program computes on the processor. */
export function hasOtherAccelerator(instanceType: string): boolean {
  return otherFamily.test(instanceType);
}

/**
 * The environment variables of a job or an endpoint.
 * @param ami what an endpoint starts from; a job's host is SageMaker's choice
 */
export function acceleratorEnvironment(
  program: keyof typeof gpuStacks,
  accelerator: Accelerator,
  ami?: string,
): Readonly<Record<string, string>> {
  if (accelerator === 'none') return { [acceleratorVariables.accelerator]: accelerator };
  return {
    [acceleratorVariables.accelerator]: accelerator,
    [acceleratorVariables.driver]: String(gpuStacks[program].driver),
    ...(program === 'environment' && {
      [acceleratorVariables.compatibleDriver]: String(compatibleDriver),
    }),
    ...(ami !== undefined && { [acceleratorVariables.ami]: ami }),
  };
}
