import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { StackError } from '@holdpoint/stack/stack-error';
import { environment } from './start/config.ts';
import { readOptions, USAGE, UsageError } from './start/options.ts';
import { run } from './start/run.ts';
import { openStages } from './start/stages.ts';
import { StartError } from './start/supervisor.ts';
import { openTerminal } from './start/terminal.ts';

const STOP_MAX_MS = 9_500;
const EXIT_USAGE = 2;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const terminal = openTerminal(process.stdout, process.stderr);
const ending = new AbortController();
const stages = openStages((error) => terminal.error(reasonOf(error)));

// They stay for good: a repeated Ctrl-C must not end the process in the middle of stopping what it started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
process.on('uncaughtException', (error) => void fail(error));
process.on('unhandledRejection', (error) => void fail(error));

try {
  const options = readOptions(process.argv.slice(2), { root, typedIn: environment().INIT_CWD ?? process.cwd() });
  if (options === 'help') {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  await run(options, { root, terminal, stages, signal: ending.signal });
  await new Promise<void>((resolve) => {
    if (ending.signal.aborted) resolve();
    ending.signal.addEventListener('abort', () => resolve());
  });
  await end(0);
} catch (error) {
  if (ending.signal.aborted) await end(0);
  else await fail(error);
}

async function fail(error: unknown): Promise<void> {
  terminal.error(`holdpoint: ${reasonOf(error)}`);
  if (error instanceof UsageError) process.exit(EXIT_USAGE);
  ending.abort();
  await end(1);
}

async function end(code: number): Promise<void> {
  terminal.text('stopping…');
  const late = setTimeout(() => process.exit(1), STOP_MAX_MS);
  await stages.stop();
  clearTimeout(late);
  terminal.text('stopped');
  process.exit(code);
}

/** What a person can act on is said in a line; a stack is for what nobody foresaw. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = [StackError, StartError, WorkspaceError, UsageError].some((kind) => error instanceof kind);
  return foreseen ? error.message : (error.stack ?? error.message);
}
