// Whether a number is a multiple of another as people read them: 19.99 is one of 0.01, though their quotient in binary is not
// whole. No tolerance does for both prices of millions and multiples of large numbers, so the decimals are compared exactly.

/** `step` is greater than 0. */
export function isMultiple(value: number, step: number): boolean {
  if (!Number.isFinite(value) || !Number.isFinite(step)) return false;
  const one = decimalOf(value);
  const other = decimalOf(step);
  const places = Math.max(one.places, other.places);
  return scaled(one, places) % scaled(other, places) === 0n;
}

/** `digits` divided by ten to the power of `places`, which may be negative. */
interface Decimal {
  readonly digits: bigint;
  readonly places: number;
}

/** The shortest decimal that is this number, which is how it stood in the JSON. */
function decimalOf(value: number): Decimal {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), places: fraction.length - Number(exponent) };
}

const scaled = ({ digits, places }: Decimal, toPlaces: number): bigint => digits * 10n ** BigInt(toPlaces - places);
