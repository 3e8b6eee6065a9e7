import { flowSchema } from '@holdpoint/shared/domain/flow';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import type { Context } from '../context.ts';
import { createFlowReader } from '../read-flow.ts';

/** The live picture: what stands where, and what passed in the last minutes. */
export function flowRoutes(app: App, { authenticator, db, gates }: Context): void {
  const flow = createFlowReader(db, gates);
  app.get(
    '/v1/flow',
    {
      onRequest: authenticated({ authenticator, scope: 'read' }),
      schema: {
        tags: ['flow'],
        summary:
          'How the tenant’s work stands and moves: what waits where, and what passed in the last 1, 5 and 15 minutes',
        response: { 200: flowSchema },
      },
    },
    ({ principal }) => flow.read(principal.tenant),
  );
}
