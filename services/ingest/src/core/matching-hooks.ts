import { globMatches } from '@holdpoint/policy/compile/glob';

/** What decides whether a hook is asked about an event. */
export interface HookSelector {
  readonly source?: string | undefined;
  readonly types?: readonly string[] | undefined;
}

export function isFor(hook: HookSelector, event: { readonly source: string; readonly type: string }): boolean {
  if (hook.source !== undefined && hook.source !== event.source) return false;
  return hook.types?.some((glob) => globMatches(glob, event.type)) ?? true;
}
