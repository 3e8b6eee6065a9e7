import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';
import { globMatches } from './glob.ts';

/** Whether a hook is for an action of this tool, by this operator. */
export function isForAction(
  hook: Pick<ActionHook, 'connector' | 'tools' | 'operator'>,
  action: { readonly connector: string; readonly tool: string; readonly operator: string },
): boolean {
  if (hook.operator !== undefined && hook.operator !== action.operator) return false;
  return isForTool(hook, action.connector, action.tool);
}

export function isForTool(hook: Pick<ActionHook, 'connector' | 'tools'>, connector: string, tool: string): boolean {
  if (hook.connector !== undefined && hook.connector !== connector) return false;
  return hook.tools?.some((glob) => globMatches(glob, tool)) ?? true;
}
