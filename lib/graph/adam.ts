import * as tf from '@tensorflow/tfjs-core';
import { ValidationError } from '#lib/contracts/errors.ts';
import { dataTypes } from './graph-definition.ts';
import { afterUpdates, updateInPlace } from './recording.ts';

export interface AdamOptions {
  /** Step size; `apply` can be given another one for each step. */
  readonly learningRate: number;
  /** Decay of the mean of the gradients; default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of the squared gradients; default 0.999. */
  readonly beta2?: number;
  /** Added to the square root; default 1e-8. */
  readonly epsilon?: number;
  /** Names the state: distinguishes two optimisers over the same variables; default `adam`. */
  readonly name?: string;
}

/** A gradient of a table of which a step read some rows alone; a row may be there more than once. */
export interface RowsGradient {
  /** int32 `[n]` */
  readonly rows: tf.Tensor1D;
  /** `[n, width]` */
  readonly values: tf.Tensor2D;
}

/**
 * Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, in the form of the end of its section 2, which is
 * TensorFlow's `ResourceApplyAdam`):
 *
 *     m <- m + (1 - beta1) (g - m)
 *     v <- v + (1 - beta2) (g^2 - v)
 *     x <- x - learningRate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)
 *
 * All state is in `variables`: put them among the program's variables, and a checkpoint of the program resumes
 * exactly. A recorded step updates each variable with one fused operation in place; eager execution uses the same
 * formula in ordinary operations.
 */
export class Adam {
  /** First and second moments and the powers of the decays, by the names they have in checkpoints. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  readonly #slots: readonly Slot[];
  readonly #beta1Power: tf.Variable;
  readonly #beta2Power: tf.Variable;
  readonly #options: Required<AdamOptions>;

  /**
   * @param trained the variables to update, by the names they have in checkpoints; all float32
   * @throws {ValidationError} if an option is out of its range or a variable is not float32.
   */
  constructor(trained: Readonly<Record<string, tf.Variable>>, options: AdamOptions) {
    this.#options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, name: 'adam', ...options };
    const { beta1, beta2, epsilon, learningRate, name } = this.#options;
    requireThat(learningRate >= 0, `the learning rate must be 0 or above, but is ${learningRate}`);
    requireThat(beta1 >= 0 && beta1 < 1, `beta1 must be in [0, 1), but is ${beta1}`);
    requireThat(beta2 >= 0 && beta2 < 1, `beta2 must be in [0, 1), but is ${beta2}`);
    requireThat(epsilon > 0, `epsilon must be above 0, but is ${epsilon}`);
    this.#slots = Object.entries(trained).map(([slot, variable]) => {
      requireThat(variable.dtype === 'float32', `variable ${slot} must be float32`);
      return {
        variable,
        m: state(tf.fill(variable.shape, 0)),
        v: state(tf.fill(variable.shape, 0)),
        name: slot,
      };
    });
    this.#beta1Power = state(tf.scalar(beta1));
    this.#beta2Power = state(tf.scalar(beta2));
    this.variables = Object.fromEntries([
      ...this.#slots.flatMap(({ name: slot, m, v }) => [
        [`${name}/${slot}/m`, m],
        [`${name}/${slot}/v`, v],
      ]),
      [`${name}/beta1-power`, this.#beta1Power],
      [`${name}/beta2-power`, this.#beta2Power],
    ]);
  }

  /**
   * Updates every trained variable for which there is a gradient.
   * @param gradients by the variables' own names, as `tf.variableGrads` gives them, or as rows, which are added up to a whole
   *   table one variable after the other, so that one such table is in memory at a time
   * @param learningRate a scalar for this step, for a schedule fed as an input; otherwise the option
   * @throws {ValidationError} if no trained variable has a gradient, or a gradient has another shape.
   */
  apply(
    gradients: Readonly<Record<string, tf.Tensor | RowsGradient>>,
    learningRate?: tf.Tensor,
  ): void {
    const updated = this.#slots.filter(({ variable }) => variable.name in gradients);
    requireThat(
      updated.length > 0,
      `none of the gradients ${Object.keys(gradients).join(', ')} belongs to a trained variable`,
    );
    tf.tidy(() => {
      const { beta1, beta2, epsilon } = this.#options;
      const hyperparameters = [
        tf.clone(this.#beta1Power),
        tf.clone(this.#beta2Power),
        learningRate ?? tf.scalar(this.#options.learningRate),
        tf.scalar(beta1),
        tf.scalar(beta2),
        tf.scalar(epsilon),
      ];
      for (const slot of updated) {
        const gradient = gradients[slot.variable.name]!;
        const { shape } = slot.variable;
        const own = 'rows' in gradient ? [shape[0], gradient.values.shape[1]] : gradient.shape;
        requireThat(
          `${own}` === `${shape}`,
          `the gradient of ${slot.name} has shape [${own}] instead of [${shape}]`,
        );
        if (!('rows' in gradient)) {
          applyAdam(slot, gradient, hyperparameters);
          continue;
        }
        afterUpdates(() =>
          tf.tidy(() => {
            applyAdam(slot, wholeGradient(gradient, shape[0]!), hyperparameters);
          }),
        );
      }
      this.#beta1Power.assign(tf.mul(this.#beta1Power, beta1));
      this.#beta2Power.assign(tf.mul(this.#beta2Power, beta2));
    });
  }

  /** Disposes of the state; the trained variables stay. */
  dispose(): void {
    for (const variable of Object.values(this.variables)) variable.dispose();
  }
}

/** Whether an optimiser's variable of this name is a moment, which begins at zero. */
export const isMoment = (name: string): boolean => /\/[mv]$/.test(name);

/** A gradient of rows added up, `[rows, width]`; any other as it is. */
export function wholeGradient(gradient: tf.Tensor | RowsGradient, rows: number): tf.Tensor {
  return 'rows' in gradient
    ? tf.unsortedSegmentSum(gradient.values, gradient.rows, rows)
    : gradient;
}

interface Slot {
  readonly name: string;
  readonly variable: tf.Variable;
  readonly m: tf.Variable;
  readonly v: tf.Variable;
}

/** @param hyperparameters scalars beta1^t, beta2^t, learning rate, beta1, beta2, epsilon */
function applyAdam(
  { variable, m, v }: Slot,
  gradient: tf.Tensor,
  hyperparameters: readonly tf.Tensor[],
): void {
  updateInPlace({
    operation: 'ResourceApplyAdam',
    attributes: { T: { kind: 'type', value: dataTypes.float32 } },
    variables: [variable, m, v],
    operands: [...hyperparameters, gradient],
    eager: () =>
      tf.tidy(() => {
        const [beta1Power, beta2Power, rate, beta1, beta2, epsilon] = hyperparameters as Scalars;
        const one = tf.scalar(1);
        m.assign(tf.add(m, tf.mul(tf.sub(one, beta1), tf.sub(gradient, m))));
        v.assign(tf.add(v, tf.mul(tf.sub(one, beta2), tf.sub(tf.square(gradient), v))));
        const correction = tf.div(tf.sqrt(tf.sub(one, beta2Power)), tf.sub(one, beta1Power));
        const size = tf.mul(rate, correction);
        variable.assign(tf.sub(variable, tf.div(tf.mul(size, m), tf.add(tf.sqrt(v), epsilon))));
      }),
  });
}

type Scalars = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

function state(initial: tf.Tensor): tf.Variable {
  const variable = tf.variable(initial, false);
  initial.dispose();
  return variable;
}

function requireThat(condition: boolean, message: string): void {
  if (!condition) throw new ValidationError(`Adam: ${message}.`);
}
