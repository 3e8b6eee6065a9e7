import { compilePolicies } from '@holdpoint/policy/compile/compile';
import { evaluate, type Question } from '@holdpoint/policy/decide/evaluate';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { Contender } from './contender.ts';
import type { World } from './world.ts';

/** As the evaluator decides: each line is parsed, matched, decided and told with its reasons. */
export const holdpoint: Contender = {
  name: 'Holdpoint',
  promises: false,
  async ready(world) {
    const questions = questionsOf(world);
    return (index) => evaluate(questions[index] as Question).verdict.decision;
  },
};

export function questionsOf({ rules, asked }: World): Question[] {
  const policies = compilePolicies(
    rules.map(({ above, upTo, ...rule }) => ({
      ...rule,
      connector: 'shop',
      ...(above !== undefined && { appliesAbove: above }),
      ...(upTo !== undefined && { appliesUpTo: upTo }),
    })),
    { version: 'bench' },
  );
  const tools = { shop: Object.fromEntries(rules.map(({ tool }) => [tool, { risk: 'write' as const }])) };
  const now = new Date('2026-01-01T00:00:00Z');
  return asked.map(({ tool, operator, value }, index) => ({
    line: {
      connector: 'shop',
      tool,
      args: { order: index, reason: 'the address does not match the card' },
      value,
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
