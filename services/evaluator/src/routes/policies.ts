import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';

export function policyRoutes(app: App, context: Context): void {
  app.get(
    '/v1/policies',
    {
      onRequest: authenticated({ authenticator: context.authenticator, scope: 'admin' }),
      schema: {
        tags: ['policies'],
        summary: 'The compiled policies in force, with their version; functions as their text',
        response: { 200: z.object({ version: z.string(), policies: z.array(z.record(z.string(), z.unknown())) }) },
      },
    },
    async (request) => {
      const summary = context.scorer.summaryOf(request.principal.tenant);
      return { version: summary?.version ?? 'none', policies: summary ? [...summary.policies] : [] };
    },
  );
}
