// IEEE 754 half precision, the number format of the model's weights. Written out because `Float16Array` is younger than the
// oldest Node that runs the build, and the model must be the same bytes on each.

const float32 = new Float32Array(1);
const bits32 = new Uint32Array(float32.buffer);

/** The bits of the half-precision number nearest to `value`, ties to even. */
export function float16Bits(value: number): number {
  float32[0] = value;
  const bits = bits32[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  // 112 is the difference of the two formats' exponent biases, 127 and 15.
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent > 0) return sign + roundShift((exponent << 23) | fraction, 13);
  // Subnormal: the leading one becomes explicit and moves right.
  return exponent < -10 ? sign : sign + roundShift(fraction | 0x800000, 14 - exponent);
}

/** `value / 2^shift`, rounded to the nearest integer, ties to even. A carry runs over into the exponent, as it should. */
function roundShift(value: number, shift: number): number {
  const quotient = value >>> shift;
  const remainder = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return remainder > half || (remainder === half && (quotient & 1) === 1) ? quotient + 1 : quotient;
}
