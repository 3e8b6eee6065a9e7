import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CASES_MAX, type PolicyCase } from '@holdpoint/policy/cases/policy-case';
import { FILE_MAX_BYTES, isAbsent } from '@holdpoint/shared/workspace/files';
import { allOrIssues, WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { parseCaseFile } from './parse-case-file.ts';

const SUFFIX = '.cases.yaml';
const FILES_MAX = 50;

/**
 * What a tenant's authors expect of its policies: every `*.cases.yaml` in its folder, in the order of their names.
 * @throws WorkspaceError with everything that is wrong in any of them
 */
export async function loadCases(workspaceDir: string, tenant: string): Promise<PolicyCase[]> {
  const folder = `tenants/${tenant}`;
  const files = await listCaseFiles(workspaceDir, folder);
  const cases = (await allOrIssues(files.map((file) => readCases(workspaceDir, file)))).flat();
  if (cases.length > CASES_MAX) {
    throw new WorkspaceError([{ file: folder, path: '', reason: `${cases.length} cases; at most ${CASES_MAX}` }]);
  }
  return cases;
}

async function listCaseFiles(workspaceDir: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(workspaceDir, folder)).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const files = entries.filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.')).sort();
  if (files.length > FILES_MAX) {
    throw new WorkspaceError([
      { file: folder, path: '', reason: `${files.length} files of cases; at most ${FILES_MAX}` },
    ]);
  }
  return files.map((name) => `${folder}/${name}`);
}

async function readCases(workspaceDir: string, file: string): Promise<PolicyCase[]> {
  const path = join(workspaceDir, file);
  const { size } = await stat(path);
  if (size > FILE_MAX_BYTES) {
    throw new WorkspaceError([{ file, path: '', reason: `${size} bytes; at most ${FILE_MAX_BYTES}` }]);
  }
  return parseCaseFile(file, await readFile(path, 'utf8'));
}
