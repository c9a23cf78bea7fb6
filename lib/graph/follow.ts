import * as tf from '@tensorflow/tfjs-core';
import { dataTypes } from './graph-definition.ts';
import { afterUpdates, updateInPlace } from './recording.ts';

/**
 * Moves variables a share of the way to others of the same names (Polyak averaging): `x <- x + rate (to - x)`. A recorded step does
 * that in place, a variable after the other, so that one difference is in memory at a time.
 */
export function follow(
  variables: Readonly<Record<string, tf.Variable>>,
  to: Readonly<Record<string, tf.Tensor>>,
  rate: number,
): void {
  for (const [name, variable] of Object.entries(variables)) {
    afterUpdates(() =>
      tf.tidy(() => {
        const difference = tf.sub(variable, to[name]!);
        updateInPlace({
          operation: 'ResourceApplyGradientDescent',
          attributes: { T: { kind: 'type', value: dataTypes.float32 } },
          variables: [variable],
          operands: [tf.scalar(rate), difference],
          eager: () => variable.assign(tf.sub(variable, tf.mul(difference, rate))),
        });
      }),
    );
  }
}
