import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { randomStream } from '#lib/recommender/random.ts';

/** TensorFlow's numbers of its types. */
const [float32, bfloat16] = [1, 14];

/** A product in both types. */
export interface HalfProduct {
  readonly shape: readonly [number, number, number];
  /** GFLOP in a second of processor time. */
  readonly float32: number;
  readonly bfloat16: number;
  /** Share of rows whose largest column is the same. */
  readonly sameLargest: number;
}

/**
 * What a product of bfloat16 numbers would bring (`MatMul` with T bfloat16, whose result is bfloat16 too), operands at hand in that
 * type, for a square and for states times all items; normal numbers.
 */
export function measureHalf(rounds: number): HalfProduct[] {
  const { binding } = nativeBackend();
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string) => ({ name, type: binding.TF_ATTR_BOOL, value: false });
  const cast = (tensor: number, from: number, to: number) =>
    binding.executeOp(
      'Cast',
      [type('SrcT', from), type('DstT', to), flag('Truncate')],
      [tensor],
      1,
    )[0]!.id;
  const multiply = (a: number, b: number, t: number) =>
    binding.executeOp(
      'MatMul',
      [type('T', t), flag('transpose_a'), flag('transpose_b')],
      [a, b],
      1,
    )[0]!.id;
  const random = randomStream(1, 'half');
  const draw = (rows: number, columns: number) =>
    binding.createTensor(
      [rows, columns],
      float32,
      Float32Array.from({ length: rows * columns }, () => random.normal()),
    );
  return (
    [
      [1024, 1024, 1024],
      [128, 64, 18_000],
      [1024, 64, 18_000],
    ] as const
  ).map((shape) => {
    const [rows, inner, columns] = shape;
    const [a, b] = [draw(rows, inner), draw(inner, columns)];
    const [halfA, halfB] = [cast(a, float32, bfloat16), cast(b, float32, bfloat16)];
    const speed = (work: () => number) => {
      const milliseconds = Array.from({ length: 8 * rounds }, () => {
        const before = process.cpuUsage();
        binding.deleteTensor(work());
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      });
      return (2 * rows * inner * columns) / Math.min(...milliseconds) / 1e6;
    };
    const whole = binding.tensorDataSync(multiply(a, b, float32)) as Float32Array;
    const rounded = cast(multiply(halfA, halfB, bfloat16), bfloat16, float32);
    const half = binding.tensorDataSync(rounded) as Float32Array;
    let same = 0;
    for (let row = 0; row < rows; row++) {
      const ofRow = (values: Float32Array) => values.subarray(row * columns, (row + 1) * columns);
      const largest = (values: Float32Array) =>
        values.indexOf(values.reduce((x, y) => Math.max(x, y)));
      if (largest(ofRow(whole)) === largest(ofRow(half))) same++;
    }
    return {
      shape,
      float32: speed(() => multiply(a, b, float32)),
      bfloat16: speed(() => multiply(halfA, halfB, bfloat16)),
      sameLargest: same / rows,
    };
  });
}
