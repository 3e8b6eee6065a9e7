import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { nameSchema } from '@holdpoint/shared/domain/names';

/** Each with what a workspace reads of it by default, if it does. They are code that is compiled, checked and tried here. */
const FILES = {
  'tools.ts': 'tools',
  'run.ts': 'runner',
  'conformance.ts': 'conformance',
  'stand-in.ts': null,
} as const;

/**
 * Writes `connectors/<name>/` into a workspace, and answers the files. Nothing that is there is written over.
 * @throws HoldpointError INVALID_REQUEST, CONFLICT
 */
export async function writeConnector(workspaceDir: string, name: string): Promise<string[]> {
  const named = nameSchema.safeParse(name);
  if (!named.success) throw new HoldpointError('INVALID_REQUEST', `${name}: ${named.error.issues[0]?.message}`);
  await readdir(workspaceDir).catch((cause: unknown) => {
    throw new HoldpointError('INVALID_REQUEST', `there is no folder ${workspaceDir}`, {}, { cause });
  });
  await mkdir(join(workspaceDir, 'connectors'), { recursive: true });
  // Made by this call or by none: of two that are begun at once one writes.
  await mkdir(join(workspaceDir, 'connectors', name)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause;
    throw new HoldpointError('CONFLICT', `connectors/${name} is there already`, {}, { cause });
  });
  return Promise.all(
    Object.entries(FILES).map(async ([file, exported]) => {
      const text = await readFile(new URL(`connector/${file}`, import.meta.url), 'utf8');
      const path = `connectors/${name}/${file}`;
      const ending = exported === null ? '' : `\nexport default ${exported};\n`;
      await writeFile(join(workspaceDir, path), text.replaceAll("'example'", `'${name}'`) + ending, { flag: 'wx' });
      return path;
    }),
  );
}
