import { newEnforcer, newModelFromString } from 'casbin';
import type { Contender, Decision } from './contender.ts';

const MODEL = `
[request_definition]
r = operator, tool, value

[policy_definition]
p = operator, tool, above, up_to, decision

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.tool == p.tool && (p.operator == "*" || r.operator == p.operator) && r.value > p.above && r.value <= p.up_to
`;

/** In its synchronous way, its faster one. It stops at the first rule that permits, which suffices here: never do two match. */
export const casbin: Contender = {
  name: 'casbin',
  promises: false,
  async ready({ rules, asked }) {
    const enforcer = await newEnforcer(newModelFromString(MODEL));
    await enforcer.addPolicies(
      rules.map(({ tool, operator = '*', above = -1, upTo = Number.MAX_SAFE_INTEGER, decision }) => [
        operator,
        tool,
        String(above),
        String(upTo),
        decision,
      ]),
    );
    return (index) => {
      const { operator, tool, value } = asked[index] as (typeof asked)[number];
      const [permitted, rule] = enforcer.enforceExSync(operator, tool, value);
      return permitted ? (rule[4] as Decision) : 'BLOCK';
    };
  },
};
