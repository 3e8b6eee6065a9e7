import type { LintReport } from '@holdpoint/policy/analysis/finding';
import { LINT_MAX_LOOKS, lintRules } from '@holdpoint/policy/analysis/lint-rules';
import type { TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { TenantSummary } from './tenant-summary.ts';

/** Shared by all tenants, so that a load takes a second or two longer at the worst: nobody's lint may hold up decisions. */
const LOAD_MAX_LOOKS = 2 * LINT_MAX_LOOKS;
const LOGGED_MAX = 20;

/** Lints one of so many tenants' rules; where that would take too long, its report says that it is not complete. */
export function tenantLint(tenants: number, now: Date): (rules: TenantRules) => LintReport {
  const maxLooks = Math.min(LINT_MAX_LOOKS, Math.floor(LOAD_MAX_LOOKS / Math.max(1, tenants)));
  return (rules) => lintRules(rules, now, maxLooks);
}

/** Says what is wrong with a version's rules: once, where it is loaded. */
export function logFindings(logger: Logger, tenants: readonly TenantSummary[]): void {
  for (const { tenant, version, lint } of tenants) {
    const grave = (lint?.findings ?? []).filter(({ severity }) => severity !== 'info');
    for (const { code, severity, policies, message } of grave.slice(0, LOGGED_MAX)) {
      const text = `policies: ${message}`;
      const fields = { tenant, version, code, policies };
      if (severity === 'error') logger.error(fields, text);
      else logger.warn(fields, text);
    }
    const left = grave.length - LOGGED_MAX;
    if (left > 0) logger.warn({ tenant, version, left }, 'policies: more findings, by GET /v1/policies/lint');
  }
}
