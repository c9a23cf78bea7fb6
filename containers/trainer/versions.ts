import * as tf from '@tensorflow/tfjs-core';
import { nativeBackend } from '#lib/graph/tensorflow.ts';

/** What the numbers of a model were made with. */
export function versions(): Readonly<Record<string, string>> {
  const backend = nativeBackend();
  return {
    node: process.versions.node,
    'tfjs-core': tf.version_core,
    tensorflow: backend.binding.TF_Version,
    device: backend.isUsingGpuDevice ? 'gpu' : 'cpu',
    platform: `${process.platform}-${process.arch}`,
  };
}
