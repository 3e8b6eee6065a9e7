import { parseArgs } from 'node:util';

export interface Arguments {
  /** Upper-case ids; empty: all. */
  readonly ids: readonly string[];
  readonly quick: boolean;
  readonly runs: number;
  readonly size?: number | undefined;
}

const RUNS = 5;

/** `npm run bench -- [B3 …] [--quick] [--runs N] [--size N]` */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, runs: { type: 'string' }, size: { type: 'string' } },
  });
  const runs = values.runs === undefined ? (values.quick ? 1 : RUNS) : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs wants a whole number, not ${values.runs}`);
  const size = values.size === undefined ? undefined : Number(values.size);
  if (size !== undefined && !(Number.isInteger(size) && size >= 1_000)) {
    throw new Error(`--size wants a whole number of at least 1,000, not ${values.size}`);
  }
  return { ids: positionals.map((id) => id.toUpperCase()), quick: values.quick, runs, size };
}
