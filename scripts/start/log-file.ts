import { type FileHandle, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAbsent } from './private-file.ts';

const LOG_MAX_BYTES = 16 * 1024 * 1024;
/** Of its end, looked through for what it died of. */
const LINES_MAX = 60;

/** Opens a log to append to; one that has grown past its limit is set aside first, and the one set aside before it goes. */
export async function openLog(file: string): Promise<FileHandle> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  if ((await sizeOf(file)) > LOG_MAX_BYTES) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

/** The newest line that says why: the message of a JSON line, or the head of a stack. */
export async function lastWords(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-LINES_MAX).reverse();
  const words = lines.map(messageIn).find((message) => message !== '') ?? lines[0];
  return words ? `${words} (${file})` : `its log is empty (${file})`;
}

function messageIn(line: string): string {
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
    return [msg, err?.message].filter(Boolean).join(': ');
  } catch {
    return /^([A-Za-z]*Error\b|[A-Z_]+: )/.test(line) ? line : '';
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isAbsent(error)) return 0;
    throw error;
  }
}
