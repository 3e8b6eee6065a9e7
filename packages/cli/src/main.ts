import pc from 'picocolors';
import { environment } from './config.ts';
import { runCommandLine } from './run.ts';

// Who reads may stop reading (`| head`).
process.stdout.on('error', () => process.exit());

const { dim } = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  outBytes: (bytes) => void process.stdout.write(bytes),
  err: (text) => void process.stderr.write(`${text}\n`),
  dim,
  typedIn: environment().INIT_CWD ?? process.cwd(),
  interrupted() {
    const interrupting = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupting.abort());
    return interrupting.signal;
  },
});
