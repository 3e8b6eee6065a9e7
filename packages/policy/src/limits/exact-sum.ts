/** A decimal number, exactly: `units` × 10^-`scale`. Sums of doubles drift (0.1 ten times is not 1); sums of these do not. */
export interface Exact {
  readonly units: bigint;
  readonly scale: number;
}

export const ZERO: Exact = { units: 0n, scale: 0 };

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/;
/** Beyond what any double and any sum of them in a database can have. */
const EXPONENT_MAX = 20_000;

/** Reads a number as it is written (a double as its shortest text). @throws RangeError for what is no decimal number */
export function exact(written: number | string): Exact {
  const [, sign, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(String(written).toLowerCase()) ?? [];
  const scale = fraction.length - Number(exponent);
  if (sign === undefined || Math.abs(scale) > EXPONENT_MAX) throw new RangeError(`not a decimal number: ${written}`);
  const units = BigInt(`${sign}${whole}${fraction}`);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

export function plus(a: Exact, b: Exact): Exact {
  const scale = Math.max(a.scale, b.scale);
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale };
}

export function isOver(a: Exact, b: Exact): boolean {
  const scale = Math.max(a.scale, b.scale);
  return unitsAt(a, scale) > unitsAt(b, scale);
}

/** Plain decimal text, without zeros at its end. */
export function exactText({ units, scale }: Exact): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

const unitsAt = ({ units, scale }: Exact, wanted: number): bigint => units * 10n ** BigInt(wanted - scale);
