import { rename, writeFile } from 'node:fs/promises';

/** Replaces the file whole, so that nobody reads half of it; for its owner's eyes alone. */
export async function writePrivately(file: string, value: unknown): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export function isAbsent(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ENOENT';
}
