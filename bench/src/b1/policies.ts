import { compilePolicies } from '@holdpoint/policy/compile';
import type { Question } from '@holdpoint/policy/evaluate';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';

const TOOLS_MAX = 100;

/**
 * So many policies, two for each pair of tool and operator: what is up to 500 may be done, what is above wants a person. And
 * the lines to ask about, over all pairs in turn, every fourth of them above.
 */
export function questionsOver(policyCount: number): Question[] {
  const pairs = policyCount / 2;
  const toolCount = Math.min(TOOLS_MAX, pairs);
  const named = Array.from({ length: pairs }, (_, index) => ({
    tool: `orders.act-${index % toolCount}`,
    operator: `operator-${Math.floor(index / toolCount)}`,
  }));
  const policies = compilePolicies(
    named.flatMap((pair) => [
      { ...pair, connector: 'shop', appliesUpTo: 500, decision: 'ALLOW' },
      { ...pair, connector: 'shop', appliesAbove: 500, decision: 'ALERT', escalation: { audience: 'reviewer' } },
    ]),
    { version: 'bench' },
  );
  const tools = { shop: Object.fromEntries(named.map(({ tool }) => [tool, { risk: 'write' as const }])) };
  const now = new Date('2026-01-01T00:00:00Z');
  return named.map(({ tool, operator }, index) => ({
    line: {
      connector: 'shop',
      tool,
      args: { order: index, reason: 'the address does not match the card' },
      value: index % 4 === 3 ? 820 : 120,
      entity_key: `order:${index}`,
      idempotency_key: `key-${index}`,
    },
    operator,
    env: operatorEnvelope(operator),
    policies,
    tools,
    grants: undefined,
    hooks: undefined,
    now,
  }));
}
