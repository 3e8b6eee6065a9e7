import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { Change } from '@holdpoint/shared/domain/explanation';
import { createPolicySet } from '../compile/policy-set.ts';
import type { Question } from '../decide/evaluate.ts';

/**
 * The question as it would be after a change. A stated value follows changed arguments: the tool derives it. An operator takes
 * its own envelope along where there is no event.
 */
export function applyChange(question: Question, change: Change): Question {
  if ('rule' in change) return applyToRules(question, change);
  const { field, to } = change;
  if (field === 'operator') return asOperator(question, String(to));
  if (field === 'now') return { ...question, now: new Date(String(to)) };
  const line = question.line as Readonly<Record<string, unknown>>;
  if (!field.startsWith('args.')) return { ...question, line: { ...line, [field]: to } };
  const { value: _derived, ...rest } = line;
  return { ...question, line: { ...rest, args: setAt(line.args, field.split('.').slice(1), to) } };
}

function applyToRules(question: Question, change: Extract<Change, { rule: string }>): Question {
  if (change.rule === 'add_grant') {
    const grant = { operator: change.operator, tools: [change.tool] };
    return { ...question, grants: [...(question.grants ?? []), grant] };
  }
  const { version, policies } = question.policies;
  const changed =
    change.rule === 'remove_policy'
      ? policies.filter(({ id }) => id !== change.policy)
      : policies.map((compiled) =>
          compiled.id === change.policy && compiled.policy.maxValue !== undefined
            ? { ...compiled, policy: { ...compiled.policy, maxValue: Math.max(change.to, compiled.policy.maxValue) } }
            : compiled,
        );
  return { ...question, policies: createPolicySet(version, changed) };
}

function asOperator(question: Question, operator: string): Question {
  const { env } = question;
  const own = operatorEnvelope(question.operator);
  if (env.id !== own.id || env.source !== own.source) return { ...question, operator };
  const { entity } = env;
  return { ...question, operator, env: { ...operatorEnvelope(operator), ...(entity !== undefined && { entity }) } };
}

function setAt(inside: unknown, [head, ...rest]: readonly string[], to: unknown): unknown {
  if (head === undefined) return to;
  if (Array.isArray(inside)) return inside.map((one, index) => (String(index) === head ? setAt(one, rest, to) : one));
  const object = inside as Readonly<Record<string, unknown>>;
  return { ...object, [head]: setAt(object[head], rest, to) };
}
