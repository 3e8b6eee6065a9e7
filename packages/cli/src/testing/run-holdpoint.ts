import { runCommandLine } from '../run.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly bytes?: Uint8Array;
}

/**
 * Runs a command line as if it were typed in a folder, and answers all that it said. What goes on until it is interrupted is,
 * once `interrupted` says so of what was said so far.
 */
export async function runHoldpoint(
  args: readonly string[],
  typedIn: string,
  interrupted: (said: { readonly out: string; readonly err: string }) => boolean = () => false,
): Promise<Said> {
  const interrupting = new AbortController();
  const look = () => interrupted({ out, err }) && interrupting.abort();
  let bytes: Uint8Array | undefined;
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    out: (text) => {
      out += out === '' ? text : `\n${text}`;
      look();
    },
    outBytes: (given) => {
      bytes = Buffer.from(given);
    },
    err: (text) => {
      err += text;
      look();
    },
    dim: (text) => text,
    typedIn,
    interrupted: () => interrupting.signal,
  });
  return { code, out, err, ...(bytes && { bytes }) };
}
