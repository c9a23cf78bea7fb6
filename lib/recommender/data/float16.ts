/** Value of every float16 bit pattern; built on first use, 256 KiB. */
let values: Float32Array | undefined;

/** float32 value of each of the 65,536 float16 bit patterns (IEEE 754 binary16). */
export function float16Values(): Float32Array {
  values ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return values;
}
