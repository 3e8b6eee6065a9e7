import { runCommandLine } from '../run.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly bytes?: Uint8Array;
}

/** Runs a command line as if it were typed in a folder, and answers all that it said. */
export async function runHoldpoint(args: readonly string[], typedIn: string): Promise<Said> {
  let bytes: Uint8Array | undefined;
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    out: (text) => {
      out += text;
    },
    outBytes: (given) => {
      bytes = Buffer.from(given);
    },
    err: (text) => {
      err += text;
    },
    dim: (text) => text,
    typedIn,
  });
  return { code, out, err, ...(bytes && { bytes }) };
}
