import type { Grant } from '@holdpoint/shared/domain/tool';
import { globMatches } from '../compile/glob.ts';

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
  const held = heldBy(grants, operator);
  if (held === undefined) return false;
  const subject = `${connector}:${tool}`;
  const known = held.answers.get(subject);
  if (known !== undefined) return known;
  const answer = held.patterns.some((pattern) => patternCovers(pattern, connector, tool));
  if (held.answers.size >= ANSWERS_MAX) held.answers.clear();
  held.answers.set(subject, answer);
  return answer;
}

/** What one operator holds, and what was answered from it. */
interface Held {
  readonly patterns: readonly string[];
  readonly answers: Map<string, boolean>;
}

/** For each operator. The bound is against tools made up in what-if requests. */
const ANSWERS_MAX = 4096;

/** A list of grants is never changed, so what follows from it is kept for as long as the list is. */
const heldOf = new WeakMap<readonly Grant[], ReadonlyMap<string, Held>>();

function heldBy(grants: readonly Grant[], operator: string): Held | undefined {
  let byOperator = heldOf.get(grants);
  if (byOperator === undefined) {
    const grouped = Map.groupBy(grants, (grant) => grant.operator);
    byOperator = new Map(
      [...grouped].map(([name, own]) => [name, { patterns: own.flatMap(({ tools }) => tools), answers: new Map() }]),
    );
    heldOf.set(grants, byOperator);
  }
  return byOperator.get(operator);
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
