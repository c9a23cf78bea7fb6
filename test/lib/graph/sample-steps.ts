import type { Program, Steps } from '#lib/graph/program.ts';
import type { StepDefinition, TensorValues } from '#lib/graph/specification.ts';
import { tf } from '#lib/graph/tensorflow.ts';

/** A small network with what it needs to be trained by gradient descent on made-up data. */
export interface SampleNetwork {
  readonly variables: Readonly<Record<string, tf.Variable>>;
  readonly step: StepDefinition;
  /** Inputs of one step, a different one for each number. */
  readonly inputs: (number: number) => Record<string, TensorValues>;
}

let names = 0;

/** A variable of fixed pseudo-random values about zero. */
export function variable(shape: number[], scale = 0.3): tf.Variable {
  names += 1;
  const initial = tf.tensor(wave(shape, names, scale), shape);
  const created = tf.variable(initial, true, `sample-${names}`);
  initial.dispose();
  return created;
}

/** Deterministic values in `[-scale, scale]`. */
export function wave(shape: readonly number[], phase: number, scale = 1): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from(
    { length: size },
    (_, index) => scale * Math.sin(1 + index * 1.7 + phase * 0.61 + (index * phase) / 7),
  );
}

/** Deterministic indices in `[0, bound)`. */
function indices(shape: readonly number[], phase: number, bound: number): Int32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return Int32Array.from({ length: size }, (_, i) => (i * 7 + phase * 13 + i * i) % bound);
}

/** Gradient descent on all variables of `loss`, written with assignments. */
function descend(
  variables: Readonly<Record<string, tf.Variable>>,
  loss: () => tf.Tensor,
): { loss: tf.Tensor } {
  const { value, grads } = tf.variableGrads(() => loss() as tf.Scalar, Object.values(variables));
  for (const trained of Object.values(variables)) {
    trained.assign(tf.sub(trained, tf.mul(grads[trained.name]!, 0.1)));
  }
  return { loss: value };
}

/** Two dense layers, tanh and layer normalisation between them. */
export function multilayerPerceptron(): SampleNetwork {
  const variables = { w1: variable([6, 8]), b1: variable([8]), w2: variable([8, 3]) };
  return {
    variables,
    step: {
      inputs: {
        x: { shape: [5, 6], dtype: 'float32' },
        weights: { shape: [5], dtype: 'float32' },
        used: { shape: [5], dtype: 'bool' },
      },
      run: ({ x, weights, used }: Record<string, tf.Tensor>) =>
        descend(variables, () => {
          const hidden = tf.tanh(
            tf.add(tf.matMul(x! as tf.Tensor2D, variables.w1 as tf.Tensor2D), variables.b1),
          );
          const { mean, variance } = tf.moments(hidden, -1, true);
          const normal = tf.mul(tf.sub(hidden, mean), tf.rsqrt(tf.add(variance, 1e-5)));
          const out = tf.matMul(normal as tf.Tensor2D, variables.w2 as tf.Tensor2D);
          const each = tf.sum(tf.square(tf.softplus(out)), 1);
          return tf.mean(tf.mul(tf.where(used!, each, tf.zerosLike(each)), weights!));
        }),
    } as StepDefinition,
    inputs: (number) => ({
      x: wave([5, 6], number),
      weights: wave([5], number + 3).map(Math.abs),
      used: Uint8Array.of(1, 0, 1, 1, number % 2),
    }),
  };
}

/** Embedding, causal self-attention and a softmax over all rows of a table. */
export function attention(): SampleNetwork {
  const [items, batch, time, dim] = [11, 3, 4, 6];
  const variables = {
    table: variable([items, dim]),
    query: variable([dim, dim]),
    key: variable([dim, dim]),
    value: variable([dim, dim]),
  };
  const mask = tf.keep(
    tf.tensor2d(
      Float32Array.from({ length: time * time }, (_, i) =>
        i % time > Math.floor(i / time) ? -1e9 : 0,
      ),
      [time, time],
    ),
  );
  const dense = (x: tf.Tensor, w: tf.Tensor) =>
    tf.reshape(tf.matMul(tf.reshape(x, [-1, dim]), w as tf.Tensor2D), [batch, time, dim]);
  return {
    variables,
    step: {
      inputs: {
        items: { shape: [batch, time], dtype: 'int32' },
        targets: { shape: [batch], dtype: 'int32' },
      },
      run: ({ items: ids, targets }: Record<string, tf.Tensor>) =>
        descend(variables, () => {
          const x = tf.gather(variables.table, ids as tf.Tensor2D); // [batch, time, dim]
          const scores = tf.matMul(dense(x, variables.query), dense(x, variables.key), false, true);
          const shares = tf.softmax(tf.add(tf.div(scores, Math.sqrt(dim)), mask)); // [batch, time, time]
          const mixed = tf.add(x, tf.matMul(shares, dense(x, variables.value)));
          const last = tf.squeeze(tf.slice(mixed, [0, time - 1, 0], [batch, 1, dim]), [1]); // [batch, dim]
          const logits = tf.matMul(
            last as tf.Tensor2D,
            variables.table as tf.Tensor2D,
            false,
            true,
          );
          const labels = tf.oneHot(targets as tf.Tensor1D, items);
          return tf.losses.softmaxCrossEntropy(labels, logits);
        }),
    } as StepDefinition,
    inputs: (number) => ({
      items: indices([batch, time], number, items),
      targets: indices([batch], number + 1, items),
    }),
  };
}

/** Two convolutions of different heights over a sequence, maximum over time. */
export function convolution(): SampleNetwork {
  const [batch, time, dim, filters] = [3, 5, 4, 6];
  const variables = {
    short: variable([2, dim, 1, filters]),
    long: variable([4, dim, 1, filters]),
    out: variable([2 * filters, 2]),
  };
  return {
    variables,
    step: {
      inputs: { x: { shape: [batch, time, dim], dtype: 'float32' } },
      run: ({ x }: Record<string, tf.Tensor>) =>
        descend(variables, () => {
          const image = tf.reshape(x!, [batch, time, dim, 1]) as tf.Tensor4D;
          const pooled = [variables.short, variables.long].map((kernel) => {
            const over = tf.relu(tf.conv2d(image, kernel as tf.Tensor4D, 1, 'valid')); // [batch, time - h + 1, 1, filters]
            return tf.reshape(tf.max(over, 1), [batch, filters]);
          });
          const out = tf.matMul(tf.concat(pooled, 1) as tf.Tensor2D, variables.out as tf.Tensor2D);
          return tf.mean(tf.square(tf.sub(out, 1)));
        }),
    } as StepDefinition,
    inputs: (number) => ({ x: wave([batch, time, dim], number) }),
  };
}

/** A gated recurrent unit unrolled over time, with a running mean as state that is no weight. */
export function recurrent(): SampleNetwork {
  const [batch, time, dim] = [3, 4, 5];
  const trained = {
    gates: variable([2 * dim, 2 * dim]),
    candidate: variable([2 * dim, dim]),
  };
  const running = tf.variable(tf.scalar(0), false, `running-${names}`);
  return {
    variables: { ...trained, running },
    step: {
      inputs: { x: { shape: [batch, time, dim], dtype: 'float32' } },
      run: ({ x }: Record<string, tf.Tensor>) => {
        const { loss } = descend(trained, () => {
          let state: tf.Tensor = tf.zeros([batch, dim]);
          for (const input of tf.unstack(x!, 1)) {
            const both = tf.concat([input, state], 1); // [batch, 2 dim]
            const gates = tf.sigmoid(tf.matMul(both as tf.Tensor2D, trained.gates as tf.Tensor2D));
            const [reset, update] = tf.split(gates, 2, 1) as [tf.Tensor, tf.Tensor];
            const proposal = tf.tanh(
              tf.matMul(
                tf.concat([input, tf.mul(reset, state)], 1) as tf.Tensor2D,
                trained.candidate as tf.Tensor2D,
              ),
            );
            state = tf.add(tf.mul(update, state), tf.mul(tf.sub(1, update), proposal));
          }
          return tf.mean(tf.square(tf.sub(state, 0.5)));
        });
        running.assign(tf.add(tf.mul(running, 0.9), tf.mul(loss, 0.1)));
        return { loss, running: tf.clone(running) };
      },
    } as StepDefinition,
    inputs: (number) => ({ x: wave([batch, time, dim], number) }),
  };
}

/** The largest difference of two programs' variables, relative to the largest value of each. */
export function variableDifference(a: Program<Steps>, b: Program<Steps>): number {
  const [left, right] = [a.readVariables(), b.readVariables()];
  return Math.max(...Object.keys(left).map((name) => difference(left[name]!, right[name]!)));
}

/** The largest absolute difference, relative to the largest absolute value. */
export function difference(a: TensorValues, b: TensorValues): number {
  let largest = 0;
  let size = 1e-12;
  for (const [index, value] of a.entries()) {
    largest = Math.max(largest, Math.abs(value - b[index]!));
    size = Math.max(size, Math.abs(value));
  }
  return a.length === b.length ? largest / size : Number.POSITIVE_INFINITY;
}
