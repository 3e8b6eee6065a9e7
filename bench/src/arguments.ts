import { parseArgs } from 'node:util';

export interface Arguments {
  /** Upper-case ids; empty: all. */
  readonly ids: readonly string[];
  readonly quick: boolean;
  readonly runs: number;
  readonly size?: number | undefined;
  readonly actions?: number | undefined;
}

const RUNS = 5;

/** `npm run bench -- [B3 …] [--quick] [--runs N] [--size N] [--actions N]` */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      size: { type: 'string' },
      actions: { type: 'string' },
    },
  });
  const runs = values.runs === undefined ? (values.quick ? 1 : RUNS) : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs wants a whole number, not ${values.runs}`);
  return {
    ids: positionals.map((id) => id.toUpperCase()),
    quick: values.quick,
    runs,
    size: atLeastThousand('--size', values.size),
    actions: atLeastThousand('--actions', values.actions),
  };
}

function atLeastThousand(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1_000)) {
    throw new Error(`${name} wants a whole number of at least 1,000, not ${text}`);
  }
  return value;
}
