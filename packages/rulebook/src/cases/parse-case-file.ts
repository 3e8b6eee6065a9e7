import { caseFileSchema, type PolicyCase, toCases } from '@holdpoint/policy/cases/policy-case';
import { fieldIssues } from '@holdpoint/shared/domain/errors';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';

/** An alias repeats what it names: without a bound, a small file could be an endless one. */
const ALIASES_MAX = 1_000;

/** Reads one file of cases. @throws WorkspaceError that names the file and the line of each fault */
export function parseCaseFile(file: string, text: string): PolicyCase[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, strict: true, uniqueKeys: true });
  const refuse = (path: string, reason: string) => ({ file, path, reason });
  if (document.errors.length > 0) {
    throw new WorkspaceError(document.errors.map(({ message }) => refuse('', message.split('\n')[0] ?? 'is not YAML')));
  }
  const parsed = caseFileSchema.safeParse(readValue(document, file));
  if (parsed.success) return toCases(parsed.data, (index) => `${file}:${lineOf(document, lines, ['cases', index])}`);
  const issues = parsed.error.issues.flatMap((issue) => {
    const line = lineOf(document, lines, issue.path);
    return fieldIssues([{ ...issue }]).map(({ path, reason }) => refuse(path, `${reason} (line ${line})`));
  });
  throw new WorkspaceError(issues);
}

function readValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    throw new WorkspaceError([{ file, path: '', reason: (error as Error).message }], { cause: error });
  }
}

/** Where a value stands, or the nearest that holds it: what is missing has no line of its own. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
