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

/** The nearest float16 bit pattern of a finite number; beyond the largest, the largest. */
export function float16Bits(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), 65_504);
  // Exponents below -14 are those of numbers without a leading 1.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const fraction = Math.round(size * 2 ** (10 - exponent)); // 0 to 2048
  return sign | (fraction < 1024 ? fraction : ((exponent + 14) << 10) + fraction);
}
