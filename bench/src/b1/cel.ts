import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { type Contender, composed } from './contender.ts';
import type { Asked, Rule } from './world.ts';

/** One program for each rule, compiled beforehand, asked one after the other. */
export const cel: Contender = {
  name: 'CEL, one program a policy',
  promises: false,
  async ready({ rules, asked }) {
    const environment = new Environment()
      .registerVariable('tool', 'string')
      .registerVariable('operator', 'string')
      .registerVariable('value', 'double');
    const programs = rules.map((rule) => ({ run: environment.parse(text(rule)), decision: rule.decision }));
    return (index) => composed(programs.map(({ run, decision }) => answer(run, asked[index] as Asked, decision)));
  },
};

function answer(run: ParseResult, asked: Asked, decision: Rule['decision']): Rule['decision'] | undefined {
  return run({ ...asked }) === true ? decision : undefined;
}

function text({ tool, operator, above, upTo }: Rule): string {
  return [
    `tool == "${tool}"`,
    ...(operator === undefined ? [] : [`operator == "${operator}"`]),
    ...(above === undefined ? [] : [`value > ${above}.0`]),
    ...(upTo === undefined ? [] : [`value <= ${upTo}.0`]),
  ].join(' && ');
}
