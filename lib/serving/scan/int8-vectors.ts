/** Items' vectors, `[items, dimension]`, item `i` in row `i - 1`. */
export interface ItemVectors {
  readonly values: Float32Array;
  readonly dimension: number;
}

/** Items that the kernel looks at together. */
export const group = 8;
/** Dimensions that it multiplies at once. */
export const chunk = 4;
/** Largest absolute code: -128 is left out, so that codes are symmetric. */
export const largestCode = 127;
/** Half the distance of neighbouring float32 numbers around 1: what rounding is wrong by at most. */
export const unit = 2 ** -24;

/** Where `writeInt8Vectors` writes. */
export interface Int8Arrays {
  /** `[groups, dimension / 4, 2, 2, 4, 2]`: halves of a group, halves of four dimensions, items, dimensions. */
  readonly codes: Int8Array;
  /** `[groups * 8]` */
  readonly scales: Float32Array;
  /** `[groups * 8]`: what the score by codes may be wrong by, for a query of length 1; not a number beyond the last item. */
  readonly errors: Float32Array;
}

/**
 * Writes the int8 codes of vectors, `x_i = s_i c_i + e_i`, and bounds of what they are wrong by. (A model's `itemCodes` are something else.)
 *
 * @param queryError bound of what rounding a query of length 1 is wrong by
 * @returns the longest vector plus its error; not finite if a number is not
 */
export function writeInt8Vectors(
  { values, dimension }: ItemVectors,
  queryError: number,
  { codes, scales, errors }: Int8Arrays,
): number {
  const items = values.length / dimension;
  const chunks = Math.ceil(dimension / chunk);
  // Of a dot product in float32, whatever the order of its sum, and of the few products and sums by codes.
  const arithmetic = (dimension + 16) * unit;
  let longest = 0;
  errors.fill(Number.NaN);
  for (let item = 0; item < items; item++) {
    const row = item * dimension;
    let most = 0;
    for (let at = row; at < row + dimension; at++) most = Math.max(most, Math.abs(values[at]!));
    const scale = Math.fround(most / largestCode);
    const inverse = scale === 0 ? 0 : 1 / scale;
    // Group, then half of the group, then place in it.
    const begin = ((item >> 3) * chunks * 2 + ((item >> 2) & 1)) * 16 + (item & 3) * 2;
    let length = 0;
    let coded = 0;
    let lost = 0;
    for (let at = 0; at < dimension; at++) {
      const value = values[row + at]!;
      const code = nearestCode(value * inverse);
      codes[begin + (at >> 2) * 32 + ((at >> 1) & 1) * 8 + (at & 1)] = code;
      length += value * value;
      coded += (scale * code) ** 2;
      lost += (value - scale * code) ** 2;
    }
    const error = Math.sqrt(lost) + queryError * Math.sqrt(coded) + arithmetic * Math.sqrt(length);
    scales[item] = scale;
    errors[item] = roundedUp(error);
    longest = Math.max(longest, Math.sqrt(length) + error);
  }
  return longest;
}

function nearestCode(value: number): number {
  const code = (value < 0 ? value - 0.5 : value + 0.5) | 0;
  return code > largestCode ? largestCode : code < -largestCode ? -largestCode : code;
}

/** A float32 number that is not below a number of at least 0. */
export function roundedUp(value: number): number {
  return value === 0 ? 0 : Math.fround(value * (1 + 4 * unit) + 1e-44);
}

/** A float32 number that is not above a number. */
export function roundedDown(value: number): number {
  return Math.fround(value - Math.abs(value) * 4 * unit - 1e-44);
}
