import { globMatches } from '@holdpoint/policy/glob';

/** What decides whether a hook is asked about an event, and when. */
export interface HookSelector {
  readonly id: string;
  readonly source?: string | undefined;
  readonly types?: readonly string[] | undefined;
  readonly priority: number;
}

/** In the order in which they are asked: by priority, lower first, then by id. */
export function inOrder<H extends HookSelector>(hooks: readonly H[]): H[] {
  return [...hooks].sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
}

export function isFor(hook: HookSelector, event: { readonly source: string; readonly type: string }): boolean {
  if (hook.source !== undefined && hook.source !== event.source) return false;
  return hook.types?.some((glob) => globMatches(glob, event.type)) ?? true;
}
