import { createLogger } from '@holdpoint/shared/runtime/logger';

/** A logger that a test can read back, line by line. */
export function recordingLogger() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, logger: createLogger({ service: 'test', level: 'debug', instance: 'test', destination }) };
}
