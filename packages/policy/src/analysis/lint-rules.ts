import type { TenantRules } from '../compile/tenant-rules.ts';
import { nameConditions } from './conditions.ts';
import { type Finding, type LintReport, SEVERITIES } from './finding.ts';
import { grantFindings } from './grant-findings.ts';
import { createLookBudget } from './look-budget.ts';
import { factsOf } from './policy-facts.ts';
import { redundancyFindings } from './redundancy-findings.ts';
import { selectorFindings } from './selector-findings.ts';
import { shadowFindings } from './shadow-findings.ts';
import { createStage } from './staging.ts';
import { survey } from './survey.ts';
import { timeFindings } from './time-findings.ts';
import { strangerTo, toolClasses } from './tool-classes.ts';
import type { LintContext } from './witness.ts';

/** About a second of one core at the worst; hundreds of policies over hundreds of tools want a hundredth of it. */
export const LINT_MAX_LOOKS = 10_000_000;
const FINDINGS_MAX = 200;

/**
 * Finds what a tenant's rules say that their author can hardly have meant. Complete over selectors, amounts, times, operators and
 * tools; of conditions it knows that either may be, and says what it takes them to answer. Pure, and bounded in what it looks at
 * and in what it tells. Every witness was decided by `evaluate`.
 */
export function lintRules(rules: TenantRules, now: Date, maxLooks = LINT_MAX_LOOKS): LintReport {
  return lintWithProofs(rules, now, maxLooks).report;
}

/** The same, with what tests hold it to: claims that were not borne out, and how much was looked at and asked. */
export function lintWithProofs(rules: TenantRules, now: Date, maxLooks = LINT_MAX_LOOKS) {
  const budget = createLookBudget(maxLooks);
  const conditions = nameConditions([rules.policies]);
  const facts = factsOf(rules.policies, conditions, { byPolicy: true });
  const sorted = toolClasses({ ...rules, facts }, budget);
  const surveyed = survey(facts, sorted.classes, now.getTime(), budget);
  if (!sorted.all) for (const record of surveyed.records.values()) record.unfinished = true;
  const context: LintContext = {
    rules,
    nowMs: now.getTime(),
    facts,
    conditions,
    classes: sorted.classes,
    survey: sorted.all ? surveyed : { ...surveyed, killers: new Map() },
    stage: createStage(rules, conditions),
    stranger: strangerTo({ facts, grants: rules.grants }),
    unproven: [],
    left: { out: 0 },
  };
  const findings = sortedFindings([
    ...shadowFindings(context),
    ...redundancyFindings(context),
    ...selectorFindings(context),
    ...timeFindings(context),
    ...(sorted.all ? grantFindings(context, budget) : []),
  ]);
  const report: LintReport = {
    version: rules.policies.version,
    at: now.toISOString(),
    findings: findings.slice(0, FINDINGS_MAX),
    more: context.left.out + Math.max(0, findings.length - FINDINGS_MAX),
    complete: budget.spend(0) && context.unproven.length === 0,
  };
  return { report, unproven: context.unproven, looks: budget.spent(), asked: context.stage.asked() };
}

function sortedFindings(found: readonly (Finding | undefined)[]): Finding[] {
  const keyed = found
    .filter((finding) => finding !== undefined)
    .map((finding) => {
      const rank = SEVERITIES.indexOf(finding.severity);
      return [`${rank} ${finding.code} ${finding.policies.join(' ')} ${finding.message}`, finding] as const;
    });
  return [...new Map(keyed)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, finding]) => finding);
}
