import { type LintReport, lintReportSchema } from '@holdpoint/policy/analysis/finding';
import {
  type PolicyChange,
  policyChangeSchema,
  type RejectedSet,
  rejectedSetSchema,
} from '@holdpoint/shared/domain/policy-change';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { Reload } from '../jobs/reload.ts';
import { listPolicyChanges, type PolicyChangeRow } from '../store/list-policy-changes.ts';

/** Of a tenant that the workspace does not know. */
const NOTHING_TO_LINT: LintReport = {
  version: 'none',
  at: new Date(0).toISOString(),
  findings: [],
  more: 0,
  complete: true,
};

const changeSchema = z.object({
  id: z.string(),
  at: z.string(),
  version: z.string(),
  changes: z.array(policyChangeSchema),
});

export function policyRoutes(app: App, context: Context, reload: Reload): void {
  const onRequest = authenticated({ authenticator: context.authenticator, scope: 'admin' });
  app.get(
    '/v1/policies',
    {
      onRequest,
      schema: {
        tags: ['policies'],
        summary:
          'The compiled policies in force, with their version, and the hooks that run before actions; functions as their text. `rejected`: what lies in the workspace and is not in force, and why',
        response: {
          200: z.object({
            version: z.string(),
            policies: z.array(z.record(z.string(), z.unknown())),
            hooks: z.array(z.record(z.string(), z.unknown())),
            rejected: rejectedSetSchema.optional(),
          }),
        },
      },
    },
    async ({ principal: { tenant } }) => {
      const summary = context.scorer.summaryOf(tenant);
      const rejected = reload.rejected();
      return {
        version: summary?.version ?? 'none',
        policies: summary ? [...summary.policies] : [],
        hooks: summary ? [...summary.hooks] : [],
        ...(rejected && { rejected: shownTo(tenant, rejected) }),
      };
    },
  );
  app.get(
    '/v1/policies/lint',
    {
      onRequest,
      schema: {
        tags: ['policies'],
        summary: 'What looks wrong with the policies in force, each with an action that shows it; as of their load',
        response: { 200: lintReportSchema },
      },
    },
    async ({ principal: { tenant } }) => context.scorer.summaryOf(tenant)?.lint ?? NOTHING_TO_LINT,
  );
  app.get(
    '/v1/policies/changes',
    {
      onRequest,
      schema: {
        tags: ['policies'],
        summary: 'What became of the tenant’s policies, newest first: one for each set that was put in force',
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          cursor: z.uuid().optional(),
        }),
        response: { 200: z.object({ items: z.array(changeSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ query: { limit, cursor }, principal: { tenant } }) => {
      const rows = await listPolicyChanges(context.db, { tenant, before: cursor, limit });
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return { items: shown.map(toChange), ...(rows.length > limit && last && { next_cursor: last.id }) };
    },
  );
}

/** Without what concerns other tenants' files. */
function shownTo(tenant: string, rejected: RejectedSet): RejectedSet {
  const issues = rejected.issues.filter(
    ({ file }) => !file.startsWith('tenants/') || file.startsWith(`tenants/${tenant}/`),
  );
  const others = { file: '.', path: '', reason: 'something is wrong outside of this tenant’s files' };
  return { ...rejected, issues: issues.length > 0 ? issues : [others] };
}

function toChange({ id, at, policy_version, reasons }: PolicyChangeRow) {
  const changes: PolicyChange[] = [...reasons];
  return { id, at: at.toISOString(), version: policy_version, changes };
}
