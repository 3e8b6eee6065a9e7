import { approvalRequestSchema, approvalSchema } from '@holdpoint/shared/domain/approval';
import { isPlainText } from '@holdpoint/shared/domain/plain-text';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import type { Context } from '../context.ts';
import { operatorOf } from '../core/requester.ts';
import { openRequest } from '../store/open-request.ts';

const requestSchema = approvalRequestSchema.refine(
  ({ reason, subject, audience }) => [reason, subject, audience].every(isPlainText),
  'must not hold NUL or half characters',
);

/** Imperative requests: approvals without an action. */
export function addOpenRoute(app: App, context: Context): void {
  app.post(
    '/v1/approvals',
    {
      onRequest: authenticated({ authenticator: context.authenticator, scope: 'plan' }),
      schema: {
        tags: ['approvals'],
        summary: 'Asks a person',
        body: requestSchema,
        response: { 201: approvalSchema },
      },
    },
    async ({ principal, body, trace }, reply) => {
      const approval = await openRequest(context.db, {
        id: context.newId(),
        tenant: principal.tenant,
        operator:
          principal.kind === 'app' ? operatorOf(principal.id, principal.operators) : operatorOf(principal.subject, '*'),
        requester: principal.principal,
        request: { ...body, timeoutMs: body.timeoutMs ?? context.config.limits.requestTtlMs },
        traceId: trace.traceId,
      });
      context.metrics.opened();
      context.nudgeRelay();
      return reply.code(201).send(approval);
    },
  );
}
