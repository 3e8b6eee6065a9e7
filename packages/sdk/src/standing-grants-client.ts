import { STATES } from '@holdpoint/shared/domain/lifecycle';
import { type grantRequestSchema, standingGrantSchema } from '@holdpoint/shared/domain/standing-grant';
import { z } from 'zod';
import { id, type Page, pageOf, type Query, type Service } from './http.ts';

const actionSchema = z.looseObject({
  action_id: z.string(),
  at: z.string(),
  entity_key: z.string().nullable(),
  value: z.number().nullable(),
});

const usedGrantSchema = standingGrantSchema.extend({
  /** The last actions that it let through. */
  used_by: z.array(actionSchema.extend({ state: z.enum(STATES) })),
});
export type UsedGrant = z.infer<typeof usedGrantSchema>;

const previewSchema = z.looseObject({
  looked_at: z.number(),
  matched_count: z.number(),
  matched: z.array(actionSchema),
  nearest: z.array(z.looseObject({ action_id: z.string(), at: z.string(), why: z.array(z.string()) })),
});
export type GrantPreview = z.infer<typeof previewSchema>;

/** What is granted in advance; `approval_id` gives operator, connector and tool where they are left out. */
export type RequestedGrant = z.input<typeof grantRequestSchema>;
export type RequestedClass = Omit<RequestedGrant, 'until' | 'uses' | 'reason'>;

export function standingGrants(service: Service) {
  const path = '/v1/standing-grants';
  return {
    list: (query: Page & { active?: boolean | undefined } = {}) =>
      service(pageOf(standingGrantSchema), { method: 'GET', path, query: query as Query }),
    get: (grantId: string): Promise<UsedGrant> =>
      service(usedGrantSchema, { method: 'GET', path: `${path}/${id(grantId)}` }),
    create: (request: RequestedGrant) => service(standingGrantSchema, { method: 'POST', path, body: request }),
    /** Which of the last actions that were held it would have let through; records nothing. */
    preview: (request: RequestedClass): Promise<GrantPreview> =>
      service(previewSchema, { method: 'POST', path: `${path}/preview`, body: request }),
    revoke: (grantId: string) => service(standingGrantSchema, { method: 'DELETE', path: `${path}/${id(grantId)}` }),
  };
}
