/** What one unit of a currency is counted in: vendors of shops keep four places. */
const PLACES = 4;
const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,4})0*)?$/;

/**
 * An amount, exactly, in ten-thousandths of its currency's unit: `'95.5'` and `95.5` are 955000n. Undefined where it is none,
 * or finer than that.
 */
export function exactly(amount: string | number): bigint | undefined {
  const [, sign, units, part = ''] = DECIMAL.exec(String(amount)) ?? [];
  if (units === undefined) return undefined;
  const size = BigInt(units) * 10n ** BigInt(PLACES) + BigInt(part.padEnd(PLACES, '0'));
  return sign ? -size : size;
}

/** As vendors write it: `'95.50'`; with more places where it has them. */
export function inDecimals(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  const unit = 10n ** BigInt(PLACES);
  const part = String(size % unit)
    .padStart(PLACES, '0')
    .replace(/0{1,2}$/, '');
  return `${amount < 0n ? '-' : ''}${size / unit}.${part}`;
}
