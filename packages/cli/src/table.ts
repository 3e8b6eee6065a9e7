import { printable } from './printable.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Said in place of a table without rows. */
  readonly none: string;
}

/** Columns as wide as their widest cell, but for the last, which may be as long as it is. */
export function renderTable({ head, rows, none }: Table, dim: (text: string) => string): string {
  if (rows.length === 0) return none;
  const cells = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => (column === row.length - 1 ? text : text.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const [first = [], ...others] = cells;
  return [dim(line(first)), ...others.map(line)].join('\n');
}

/** Names and values, one a line. */
export function renderFields(fields: readonly (readonly [string, string])[], dim: (text: string) => string): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${dim(name.padEnd(width))}  ${printable(value)}`).join('\n');
}
