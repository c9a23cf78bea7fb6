import * as core from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import libtensorflow from '#lib/graph/libtensorflow.json' with { type: 'json' };
import { nativeBackend, requireVersion, tf } from '#lib/graph/tensorflow.ts';

describe('Function: tf', () => {
  it('is the one instance that @tensorflow/tfjs-core gives, on the native backend', () => {
    // Arrange
    const x = core.tensor1d([1, 2, 3]);

    // Act
    const gradient = tf.grad((y) => core.sum(core.square(y)))(x);

    // Assess
    expect(core.engine()).toBe(tf.engine());
    expect(core.Tensor).toBe(tf.Tensor);
    expect(core.getBackend()).toBe('tensorflow');
    expect([...gradient.dataSync()]).toEqual([2, 4, 6]);
    expect(nativeBackend().binding.TF_Version).toBe(libtensorflow.version);
    tf.dispose([x, gradient]);
  });
});

describe('Function: nativeBackend', () => {
  it('says what to do when another backend is active', () => {
    // Arrange
    core.registerBackend('other', () => new core.KernelBackend(), 0);
    core.setBackend('other');

    // Act
    const act = () => nativeBackend();

    // Assess
    expect(act).toThrow(
      'The active TensorFlow.js backend is other, but this needs the native one: import lib/graph/tensorflow.ts first.',
    );
    core.setBackend('tensorflow');
    expect(nativeBackend().binding).toBeDefined();
  });
});

describe('Function: requireVersion', () => {
  it.each(['2.9.1', '2.7.0', '2.21.1'])('refuses TensorFlow %s', (loaded) => {
    expect(() => requireVersion(loaded)).toThrow(
      `runs on TensorFlow ${loaded}, but everything here was tested with ${libtensorflow.version}`,
    );
  });
});
