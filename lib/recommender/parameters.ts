import { type RandomStream, randomStream } from './random.ts';

/** How a parameter begins. `glorot` is uniform in +-sqrt(6 / (fanIn + fanOut)). */
export type Initialiser =
  | { readonly kind: 'normal' | 'truncated-normal'; readonly deviation: number }
  | { readonly kind: 'glorot'; readonly fanIn: number; readonly fanOut: number }
  | { readonly kind: 'constant'; readonly value: number };

/** Name, shape and initial distribution of one trainable tensor. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialiser: Initialiser;
}

/** A tensor as plain memory, row-major: float32, or uint8 for codes of items. */
export interface Weights<Values extends Float32Array | Uint8Array = Float32Array | Uint8Array> {
  readonly shape: readonly number[];
  readonly values: Values;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** A dense layer's kernel `[inputs, outputs]` and bias `[outputs]`. */
export function denseSpecs(name: string, inputs: number, outputs: number): ParameterSpec[] {
  return [
    {
      name: `${name}/kernel`,
      shape: [inputs, outputs],
      initialiser: { kind: 'glorot', fanIn: inputs, fanOut: outputs },
    },
    { name: `${name}/bias`, shape: [outputs], initialiser: { kind: 'constant', value: 0 } },
  ];
}

/** A layer normalisation's scale and offset, both `[dimension]`. */
export function normalisationSpecs(name: string, dimension: number): ParameterSpec[] {
  return [
    { name: `${name}/scale`, shape: [dimension], initialiser: { kind: 'constant', value: 1 } },
    { name: `${name}/offset`, shape: [dimension], initialiser: { kind: 'constant', value: 0 } },
  ];
}

/**
 * Initial values by parameter name, each drawn from a stream of its own, so that adding one leaves the others as they
 * were.
 *
 * @param draw networks of the same seed and draw begin alike
 */
export function initialise(
  specs: readonly ParameterSpec[],
  seed: number,
  draw: string,
): Map<string, Weights<Float32Array>> {
  return new Map(
    specs.map((spec) => {
      const values = new Float32Array(sizeOf(spec.shape));
      initialiseInto(values, spec, seed, draw);
      return [spec.name, { shape: spec.shape, values }];
    }),
  );
}

/** The same for one parameter, into memory of the caller's that holds as many values. */
export function initialiseInto(
  values: Float32Array,
  { name, initialiser }: ParameterSpec,
  seed: number,
  draw: string,
): void {
  fill(values, initialiser, randomStream(seed, 'parameter', draw, name));
}

function fill(values: Float32Array, initialiser: Initialiser, random: RandomStream): void {
  switch (initialiser.kind) {
    case 'constant':
      values.fill(initialiser.value);
      return;
    case 'glorot': {
      const limit = Math.sqrt(6 / (initialiser.fanIn + initialiser.fanOut));
      for (let index = 0; index < values.length; index++) {
        values[index] = (2 * random.uniform() - 1) * limit;
      }
      return;
    }
    case 'normal':
      for (let index = 0; index < values.length; index++) {
        values[index] = random.normal() * initialiser.deviation;
      }
      return;
    case 'truncated-normal':
      // Values beyond two deviations are drawn again, as in tf.truncated_normal.
      for (let index = 0; index < values.length; index++) {
        let value = random.normal();
        while (Math.abs(value) > 2) value = random.normal();
        values[index] = value * initialiser.deviation;
      }
  }
}
