const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 6 });

/** An action's value; what it is a value of, only its tool knows. */
export function Value({ of }: { readonly of: number | null }) {
  return of === null ? <span className="quiet">—</span> : <span className="value">{NUMBER.format(of)}</span>;
}
