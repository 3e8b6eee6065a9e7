import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { ASTNode } from '@marcbachmann/cel-js';

/** What a condition in CEL sees, by the types it is checked with. A value or a key that a line lacks is absent: `has(action.value)`. */
export const CEL_VARIABLES = {
  action: {
    connector: 'string',
    tool: 'string',
    args: 'map',
    value: 'double',
    entity_key: 'string',
    idempotency_key: 'string',
  } satisfies Record<keyof PlannedAction, string>,
  env: {
    id: 'string',
    source: 'string',
    type: 'string',
    time: 'string',
    subject: 'string',
    signed: 'string',
    typeSigned: 'bool',
    rootId: 'string',
    annotations: 'map<string, string>',
    data: 'dyn',
    digest: 'string',
    entity: 'dyn',
  } satisfies Record<keyof EventEnvelope, string>,
} as const;

/** What the types do not tell: a name that neither variable has (`has(…)` takes any), and a pattern that can never be read. */
export function findCelFault(root: ASTNode): string | undefined {
  const nodes: unknown[] = [root];
  while (nodes.length > 0) {
    const node = nodes.pop();
    if (Array.isArray(node)) {
      nodes.push(...node);
    } else if (isNode(node)) {
      const fault = faultOf(node);
      if (fault !== undefined) return fault;
      nodes.push(node.args);
    }
  }
  return undefined;
}

function isNode(value: unknown): value is { readonly op: string; readonly args: unknown } {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function faultOf({ op, args }: { readonly op: string; readonly args: unknown }): string | undefined {
  if (!Array.isArray(args)) return undefined;
  if (op === 'rcall' && args[0] === 'matches') return patternFault(args[2]?.[0]);
  if (op !== '.' && op !== '[]') return undefined;
  const [holder, key] = args;
  const variable = isNode(holder) && holder.op === 'id' ? String(holder.args) : '';
  const name = op === '.' ? key : isNode(key) && key.op === 'value' ? key.args : undefined;
  if (!Object.hasOwn(CEL_VARIABLES, variable) || typeof name !== 'string') return undefined;
  const fields = CEL_VARIABLES[variable as keyof typeof CEL_VARIABLES];
  if (Object.hasOwn(fields, name)) return undefined;
  return `${variable} has no ${name}; it has ${Object.keys(fields).join(', ')}`;
}

function patternFault(pattern: unknown): string | undefined {
  if (!isNode(pattern) || pattern.op !== 'value' || typeof pattern.args !== 'string') return undefined;
  try {
    new RegExp(pattern.args);
    return undefined;
  } catch {
    return `no pattern can be read from ${JSON.stringify(pattern.args)}`;
  }
}
