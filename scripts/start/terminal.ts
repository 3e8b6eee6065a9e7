import { printable } from '@holdpoint/cli/printable';
import pc from 'picocolors';

export type Tone = 'good' | 'waits' | 'bad' | 'quiet' | 'plain';

/** One thing that happened: what, to what, and why. */
export interface Line {
  readonly label: string;
  readonly tone: Tone;
  readonly columns: readonly string[];
}

export interface Terminal {
  title(text: string): void;
  /** Columns are as wide as `widths` says; what is longer pushes the rest of its own line only. */
  line(line: Line, widths?: readonly number[]): void;
  /** Plain text, indented as lines are; secrets and escapes are the caller's not to pass. */
  text(text?: string): void;
  error(text: string): void;
}

const LABEL_WIDTH = 11;
/** Of each column but the last, unless told. */
const COLUMN_WIDTHS = [22, 36];

/** Writes aligned lines; in colour only where somebody looks. */
export function openTerminal(stream: NodeJS.WriteStream, errors: NodeJS.WriteStream): Terminal {
  const colours = pc.createColors(stream.isTTY === true && pc.isColorSupported);
  const paint = {
    good: colours.green,
    waits: colours.yellow,
    bad: colours.red,
    quiet: colours.dim,
    plain: (text: string) => text,
  } as const satisfies Record<Tone, (text: string) => string>;
  // Who reads may stop reading (`| head`): that is no reason to stop running.
  for (const one of [stream, errors]) one.on('error', () => {});
  return {
    title: (text) => void stream.write(`\n${colours.bold(printable(text))}\n`),
    line: ({ label, tone, columns }, widths = COLUMN_WIDTHS) =>
      void stream.write(`  ${paint[tone](printable(label).padEnd(LABEL_WIDTH))} ${aligned(columns, widths)}\n`),
    text: (text = '') => void stream.write(text === '' ? '\n' : `  ${printable(text)}\n`),
    error: (text) => void errors.write(`${text.split('\n').map(printable).join('\n')}\n`),
  };
}

function aligned(columns: readonly string[], widths: readonly number[]): string {
  const last = columns.length - 1;
  return columns
    .map((text, index) => (index === last ? printable(text) : printable(text).padEnd(widths[index] ?? 0)))
    .join(' ')
    .trimEnd();
}
