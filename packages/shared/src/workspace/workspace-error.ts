import type { z } from 'zod';
import { fieldIssues } from '../domain/errors.ts';

/** One thing that is wrong in a workspace: the file (relative to the workspace), where in its value, and why. */
export interface WorkspaceIssue {
  readonly file: string;
  readonly path: string;
  readonly reason: string;
}

/** A workspace that cannot be used as it stands. Carries everything that was found wrong, not only the first. */
export class WorkspaceError extends Error {
  override readonly name = 'WorkspaceError';
  readonly issues: readonly WorkspaceIssue[];

  constructor(issues: readonly WorkspaceIssue[], options?: { cause?: unknown }) {
    super(issues.map(sentence).join('\n'), options);
    this.issues = issues;
  }
}

function sentence({ file, path, reason }: WorkspaceIssue): string {
  return path ? `${file}: ${path}: ${reason}` : `${file}: ${reason}`;
}

/** Parses what a file exports; a value that its schema refuses is a WorkspaceError that names the file. */
export function parseValue<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = fieldIssues(parsed.error.issues.map(asFieldIssue));
  throw new WorkspaceError(issues.map((issue) => ({ file, ...issue })));
}

function asFieldIssue(issue: z.core.$ZodIssue): Parameters<typeof fieldIssues>[0][number] {
  if (issue.code !== 'unrecognized_keys') return { path: issue.path, message: issue.message };
  return { path: issue.path, message: issue.message, code: issue.code, keys: issue.keys };
}

/** Waits for all, and reports what all of them found wrong. Any other failure passes through. */
export async function allOrIssues<T extends readonly Promise<unknown>[] | []>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const stranger = reasons.find((reason) => !(reason instanceof WorkspaceError));
  if (stranger !== undefined) throw stranger;
  if (reasons.length > 0) throw new WorkspaceError(reasons.flatMap((reason) => (reason as WorkspaceError).issues));
  return (await Promise.all(work)) as { -readonly [K in keyof T]: Awaited<T[K]> };
}
