import { Engine, type NestedCondition } from 'json-rules-engine';
import { type Contender, composed, type Decision } from './contender.ts';
import type { Asked, Rule } from './world.ts';

/** One engine with a rule for each policy; the decision is the event's type. It answers by promise only. */
export const jsonRulesEngine: Contender = {
  name: 'json-rules-engine',
  promises: true,
  async ready({ rules, asked }) {
    const engine = new Engine(
      rules.map((rule) => ({ conditions: { all: conditions(rule) }, event: { type: rule.decision } })),
    );
    return async (index) => {
      const { events } = await engine.run({ ...(asked[index] as Asked) });
      return composed(events.map(({ type }) => type as Decision));
    };
  },
};

function conditions({ tool, operator, above, upTo }: Rule): NestedCondition[] {
  return [
    { fact: 'tool', operator: 'equal', value: tool },
    ...(operator === undefined ? [] : [{ fact: 'operator', operator: 'equal', value: operator }]),
    ...(above === undefined ? [] : [{ fact: 'value', operator: 'greaterThan', value: above }]),
    ...(upTo === undefined ? [] : [{ fact: 'value', operator: 'lessThanInclusive', value: upTo }]),
  ];
}
