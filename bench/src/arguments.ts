import { parseArgs } from 'node:util';

export interface Arguments {
  /** Upper-case ids; empty: all. */
  readonly ids: readonly string[];
  readonly quick: boolean;
  readonly runs: number;
}

const RUNS = 5;

/** `npm run bench -- [B3 …] [--quick] [--runs N]` */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, runs: { type: 'string' } },
  });
  const runs = values.runs === undefined ? (values.quick ? 1 : RUNS) : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs wants a whole number, not ${values.runs}`);
  return { ids: positionals.map((id) => id.toUpperCase()), quick: values.quick, runs };
}
