import { acceleratorOf, gpuStacks } from './accelerators.ts';
import type { OperationsConfig } from './config/operations.ts';

/**
 * AWS's Graviton processors: a `g` behind the generation's number (c7g, m6gd, g5g), or Grace beside a GPU (p6e-gb200)
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-type-names.html).
 */
const arm = /^ml\.([a-z]+\d+g[a-z]*\.|.*-gb\d)/;
/**
 * K80, M60 and V100. CUDA 13 and torch built for it have no code for GPUs before NVIDIA's Turing
 * (https://docs.nvidia.com/cuda/archive/13.0.0/cuda-toolkit-release-notes/index.html, deprecated architectures;
 * https://github.com/pytorch/pytorch/issues/172352).
 */
const beforeTuring = /^ml\.(p2|p3|p3dn|g3|g3s)\./;

/** The images that somebody else builds and keeps: for those this repository's Dockerfiles say nothing. */
export interface ImagesGiven {
  readonly environment: boolean;
  readonly trainer: boolean;
}

const lists = [
  { list: 'environmentInstanceTypes', image: 'environment' },
  { list: 'vectorsInstanceTypes', image: 'environment' },
  { list: 'trainerInstanceTypes', image: 'trainer' },
] as const;

/**
 * The configured instance types on which the images that are built here do not run. A job on one of them would end at once,
 * after the machine was started.
 *
 * @returns a sentence for each, with what to do; none where all is well
 */
export function unfitInstances(operations: OperationsConfig, given: ImagesGiven): string[] {
  return lists.flatMap(({ list, image }) => {
    if (given[image]) return [];
    return operations[list].flatMap((type) => {
      const why = whyUnfit(image, type);
      if (why === undefined) return [];
      return [
        `operations.${list} has ${why}. Name other types, or give an image of your own as --context ${image}ImageUri=... (docs/deploy.md, 4).`,
      ];
    });
  });
}

function whyUnfit(image: keyof ImagesGiven, type: string): string | undefined {
  if (arm.test(type))
    return `an ARM processor (${type}), but the images that are built here are for x86-64`;
  if (image === 'environment' && beforeTuring.test(type)) {
    const { library, cuda } = gpuStacks.environment;
    return `a GPU that is too old (${type}): ${library}, built for CUDA ${cuda}, has no code for it`;
  }
  if (image === 'trainer' && acceleratorOf(type) === 'nvidia') {
    return `a GPU (${type}), but the trainer's image that is built here computes on the processor; build one with TENSORFLOW_DEVICE=gpu (containers/trainer/Dockerfile)`;
  }
  return undefined;
}
