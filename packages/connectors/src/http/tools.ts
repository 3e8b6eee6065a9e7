import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { pathFault } from './request-path.ts';

/** What a caller may say by headers. Who is calling, and to whom, is the tenant's to say. */
const HEADERS = ['accept-language', 'if-match', 'if-none-match', 'if-unmodified-since', 'prefer', 'x-request-id'];

/** Of one system that is called over HTTP and speaks JSON. */
export interface HttpConnectorInput<Name extends string> {
  /** As its folder in `connectors/` is called. */
  readonly name: Name;
  /**
   * The methods beside PUT and DELETE that the system repeats safely: it honours the idempotency key in the header that the
   * tenant's configuration names. It is a promise: an answer that is lost makes the platform send the same again.
   */
  readonly honoursKey?: readonly ('post' | 'patch')[];
  /** More headers that a caller may give, in lower case. */
  readonly headers?: readonly string[];
}

/**
 * Tools for a house system that no connector knows: one for each method, with a path below the tenant's address. PUT and
 * DELETE are idempotent by RFC 9110 §9.2.2, so that they are sent again where an answer is lost. POST and PATCH are not,
 * unless the system honours keys: else a person settles what became of them.
 */
export function defineHttp<const Name extends string>({
  name,
  honoursKey = [],
  headers = [],
}: HttpConnectorInput<Name>) {
  const allowed = new Set([...HEADERS, ...headers]);
  const request = {
    path: z
      .string()
      .min(2)
      .max(200)
      .superRefine((path, ctx) => {
        const fault = pathFault(path);
        if (fault) ctx.addIssue({ code: 'custom', message: fault });
      }),
    query: z.record(z.string().min(1).max(100), z.union([z.string().max(2000), z.number(), z.boolean()])).optional(),
    headers: z
      .record(
        z.string().refine((header) => allowed.has(header), `must be one of ${[...allowed].join(', ')}`),
        z.string().regex(/^[\x21-\x7e]([\x20-\x7e]{0,998}[\x21-\x7e])?$/, 'must be visible ASCII'),
      )
      .optional(),
  };
  const bare = z.strictObject(request);
  const withBody = z.strictObject({ ...request, body: z.json().optional() });
  const entityKey = ({ path }: { path: string }) => `${name}:${path}`;
  return defineTools({
    name,
    tools: {
      get: defineTool({ risk: 'read', args: bare, entityKey }),
      post: defineTool({ risk: 'write', args: withBody, entityKey, idempotent: honoursKey.includes('post') }),
      put: defineTool({ risk: 'write', args: withBody, entityKey, idempotent: true }),
      patch: defineTool({ risk: 'write', args: withBody, entityKey, idempotent: honoursKey.includes('patch') }),
      delete: defineTool({ risk: 'destructive', args: bare, entityKey, idempotent: true }),
    },
  });
}

export const http = defineHttp({ name: 'http' });
