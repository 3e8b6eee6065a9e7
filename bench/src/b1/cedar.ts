import {
  preparsePolicySet,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs';
import { type Contender, composed } from './contender.ts';
import type { Rule } from './world.ts';

/** Parsed beforehand. It only permits or not, so what a permitting policy says is looked up by the ids that it gives as reasons. */
export const cedar: Contender = {
  name: 'Cedar (cedar-wasm)',
  promises: false,
  async ready({ name, rules, asked }) {
    const answer = preparsePolicySet(name, {
      staticPolicies: Object.fromEntries(rules.map((rule) => [rule.id, text(rule)])),
    });
    if (answer.type !== 'success') throw new Error(JSON.stringify(answer.errors));
    const decisions = new Map(rules.map(({ id, decision }) => [id, decision]));
    const calls = asked.map(
      ({ tool, operator, value }): StatefulAuthorizationCall => ({
        principal: { type: 'Operator', id: operator },
        action: { type: 'Action', id: tool },
        resource: { type: 'Connector', id: 'shop' },
        context: { value },
        preparsedPolicySetId: name,
        entities: [],
      }),
    );
    return (index) => {
      const said = statefulIsAuthorized(calls[index] as StatefulAuthorizationCall);
      if (said.type !== 'success') throw new Error(JSON.stringify(said.errors));
      return composed(said.response.diagnostics.reason.map((id) => decisions.get(id)));
    };
  },
};

function text({ tool, operator, above, upTo }: Rule): string {
  const principal = operator === undefined ? 'principal' : `principal == Operator::"${operator}"`;
  const bounds = [
    ...(above === undefined ? [] : [`context.value > ${above}`]),
    ...(upTo === undefined ? [] : [`context.value <= ${upTo}`]),
  ];
  const when = bounds.length > 0 ? ` when { ${bounds.join(' && ')} }` : '';
  return `permit(${principal}, action == Action::"${tool}", resource == Connector::"shop")${when};`;
}
