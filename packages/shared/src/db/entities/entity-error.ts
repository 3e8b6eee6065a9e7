import type { FieldIssue } from '../../domain/errors.ts';

/** What was asked of entities, or given to be kept, is not as it must be. */
export class EntityError extends Error {
  override readonly name = 'EntityError';
  readonly issues: readonly FieldIssue[];

  constructor(message: string, issues: readonly FieldIssue[] = []) {
    super([message, ...issues.map(({ path, reason }) => (path ? `${path}: ${reason}` : reason))].join('; '));
    this.issues = issues;
  }
}
