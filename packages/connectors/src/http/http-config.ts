import { z } from 'zod';

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header');

/** What a tenant's `connectors.ts` says of the system. */
export const httpConfigSchema = z
  .strictObject({
    /** `https://erp.internal/api/v2`: paths are below it. */
    baseUrl: z.url({ protocol: /^https?$/ }).refine(isBare, 'must have no credentials, query or fragment'),
    /**
     * How a call proves who makes it, by the tenant's credentials: `bearer` and `header` by `token`, `basic` by `username` and
     * `password` (RFC 6750, RFC 7617).
     */
    auth: z.enum(['none', 'bearer', 'basic', 'header']),
    /** Of `auth: 'header'`: `X-Api-Key`. */
    authHeader: headerName.optional(),
    /** Carries the idempotency key of what could have an effect; null: it is not sent. */
    idempotencyHeader: headerName.nullable().default('Idempotency-Key'),
    /** Paths that may be called; all below the address unless told. */
    allowedPaths: z.array(z.string().startsWith('/').max(200)).min(1).max(100).optional(),
    /** Of one call; the tool's time holds anyway. */
    timeoutMs: z.number().int().min(100).max(300_000).optional(),
  })
  .refine(({ auth, authHeader }) => (auth === 'header') === (authHeader !== undefined), {
    path: ['authHeader'],
    message: "names the header of auth: 'header', and of no other",
  });
export type HttpConfig = z.infer<typeof httpConfigSchema>;

function isBare(url: string): boolean {
  const { username, password, search, hash } = new URL(url);
  return username === '' && password === '' && search === '' && hash === '';
}

/** The headers that prove who is calling. `secret` throws where the tenant does not give one. */
export function proofOf(config: HttpConfig, secret: (name: string) => string): Record<string, string> {
  switch (config.auth) {
    case 'none':
      return {};
    case 'bearer':
      return { authorization: `Bearer ${secret('token')}` };
    case 'basic': {
      const pair = Buffer.from(`${secret('username')}:${secret('password')}`).toString('base64');
      return { authorization: `Basic ${pair}` };
    }
    case 'header':
      return { [config.authHeader ?? 'authorization']: secret('token') };
    default:
      return config.auth satisfies never;
  }
}
