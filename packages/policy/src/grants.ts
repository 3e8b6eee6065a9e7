import type { Grant } from '@holdpoint/shared/domain/tool';
import { globMatches } from './glob.ts';

/**
 * Whether an operator may propose a tool. Patterns are `connector:toolglob`; a part that is `*` alone stands for any
 * connector or any tool. No grants declared at all: every operator may propose every tool.
 */
export function grantCovers(
  grants: readonly Grant[] | undefined,
  operator: string,
  connector: string,
  tool: string,
): boolean {
  if (grants === undefined) return true;
  return grants.some(
    (grant) => grant.operator === operator && grant.tools.some((pattern) => patternCovers(pattern, connector, tool)),
  );
}

/** Operator → the sources whose events it may act on; null: all. */
export type SourceGrants = Readonly<Record<string, readonly string[] | null>>;

export function sourcesByOperator(grants: readonly Grant[]): SourceGrants {
  const sources = new Map<string, string[] | null>();
  for (const grant of grants) {
    const known = sources.get(grant.operator);
    const all = known === null || grant.sources === undefined || grant.sources.includes('*');
    sources.set(grant.operator, all ? null : [...(known ?? []), ...(grant.sources ?? [])]);
  }
  return Object.fromEntries(sources);
}

/** Whether an operator may act on a source's events. A grant that names no sources covers them all. */
export function grantCoversSource(grants: readonly Grant[] | undefined, operator: string, source: string): boolean {
  if (grants === undefined) return true;
  return grants.some(
    (grant) =>
      grant.operator === operator &&
      (grant.sources === undefined || grant.sources.some((name) => name === '*' || name === source)),
  );
}

function patternCovers(pattern: string, connector: string, tool: string): boolean {
  const colon = pattern.indexOf(':');
  if (colon < 0) return false;
  const granted = pattern.slice(0, colon);
  const glob = pattern.slice(colon + 1);
  return (granted === '*' || granted === connector) && (glob === '*' || globMatches(glob, tool));
}
