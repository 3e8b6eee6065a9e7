import type { Finding } from './finding.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { firstOf, type LintContext } from './witness.ts';

/** What is to happen while people are asked, and would come when they are asked no more. */
export function timeFindings(context: LintContext): (Finding | undefined)[] {
  return firstOf(context, context.facts, (facts) => tooLate(facts));
}

function tooLate({ id, compiled: { policy, escalation } }: PolicyFacts): Finding | undefined {
  if (policy.decision !== 'ALERT') return undefined;
  const { escalateTo: to, remindEverySeconds: every, ttlSeconds: ttl } = escalation;
  const late = [
    to && to.afterSeconds >= ttl ? `asks ${to.audience} after ${to.afterSeconds} s` : '',
    every !== undefined && every >= ttl ? `reminds after ${every} s` : '',
  ].filter((one) => one !== '');
  if (late.length === 0) return undefined;
  return {
    code: 'after_its_time',
    severity: 'warning',
    policies: [id],
    message: `"${id}" ${late.join(' and ')}, and its time is over after ${ttl} s`,
    witnesses: [],
    fix: { text: `give "${id}" a longer ttlSeconds, or let it come sooner` },
  };
}
