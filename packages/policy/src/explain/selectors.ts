import type { Selector } from '@holdpoint/shared/domain/explanation';
import { globMatches } from '../compile/glob.ts';
import type { CompiledPolicy } from '../compile/policy-set.ts';
import type { ScoredAction } from '../decide/scored-action.ts';

/** What selectors look at. */
export interface Looked {
  readonly action: ScoredAction;
  readonly operator: string;
  readonly nowMs: number;
}

export interface SelectorResult {
  readonly selector: Selector;
  readonly holds: boolean;
  readonly message: string;
}

/** Every selector that a policy has, but for `when`, which is the author's code and is only ever asked by `evaluate`. */
export function selectorResults({ policy, tools, expiresAtMs }: CompiledPolicy, looked: Looked): SelectorResult[] {
  const { action, operator, nowMs } = looked;
  const value = action.value ?? 0;
  const results: SelectorResult[] = [];
  const add = (selector: Selector, holds: boolean, yes: string, no: string) =>
    results.push({ selector, holds, message: holds ? yes : no });
  const equal = (selector: Selector, wanted: string | undefined, is: string | null) => {
    if (wanted !== undefined)
      add(selector, wanted === is, `${selector} is ${wanted}`, `${selector} is ${is}, not ${wanted}`);
  };
  equal('connector', policy.connector, action.connector);
  equal('tool', policy.tool, action.tool);
  if (tools.length > 0) {
    const globs = tools.length > 3 ? `${tools.slice(0, 3).join(', ')}, …` : tools.join(', ');
    const fits = tools.find((glob) => globMatches(glob, action.tool));
    add('tools', fits !== undefined, `tool ${action.tool} fits ${fits}`, `tool ${action.tool} fits none of ${globs}`);
  }
  equal('operator', policy.operator, operator);
  equal('risk', policy.risk, action.risk);
  const { appliesUpTo, appliesAbove, expiresAt } = policy;
  const named = action.value === null ? 'no value, which counts as 0,' : `value ${value}`;
  if (appliesUpTo !== undefined) {
    const holds = value <= appliesUpTo;
    add(
      'appliesUpTo',
      holds,
      `${named} is within appliesUpTo ${appliesUpTo}`,
      `${named} is over appliesUpTo ${appliesUpTo}`,
    );
  }
  if (appliesAbove !== undefined) {
    const holds = value > appliesAbove;
    add(
      'appliesAbove',
      holds,
      `${named} is above appliesAbove ${appliesAbove}`,
      `${named} is not above appliesAbove ${appliesAbove}`,
    );
  }
  if (expiresAtMs !== undefined)
    add('expiresAt', nowMs < expiresAtMs, `in force until ${expiresAt}`, `expired at ${expiresAt}`);
  return results;
}

/** Whether a policy speaks for the action's tool, whoever asks, whatever it is worth and whenever. */
export function speaksForTool({ policy, tools }: CompiledPolicy, { connector, tool }: ScoredAction): boolean {
  if (policy.connector !== undefined && policy.connector !== connector) return false;
  if (policy.tool !== undefined && policy.tool !== tool) return false;
  return tools.length === 0 || tools.some((glob) => globMatches(glob, tool));
}
