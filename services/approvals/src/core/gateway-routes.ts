import type { ConsoleService } from '@holdpoint/shared/runtime/config';

export interface GatewayRoute {
  readonly service: ConsoleService;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As that service spells it. */
  readonly route: string;
}

/** All that the console may ask of another service. Whether the person may is decided there. */
export const GATEWAY_ROUTES: readonly GatewayRoute[] = [
  ...routes('executor', 'GET', [
    '/v1/actions',
    '/v1/actions/:id',
    '/v1/plans/:id',
    '/v1/receipts',
    '/v1/connectors',
    '/v1/freezes',
    '/v1/flow',
  ]),
  ...routes('executor', 'POST', [
    '/v1/actions/:id/cancel',
    '/v1/actions/:id/retry',
    '/v1/actions/:id/settle',
    '/v1/freezes',
  ]),
  ...routes('executor', 'DELETE', ['/v1/freezes/:id']),
  ...routes('evaluator', 'GET', [
    '/v1/actions/:id/explanation',
    '/v1/limits',
    '/v1/policies',
    '/v1/policies/lint',
    '/v1/policies/changes',
    '/v1/policies/records',
  ]),
  ...routes('evaluator', 'POST', ['/v1/evaluate']),
  ...routes('ingest', 'GET', ['/v1/sources', '/v1/events', '/v1/events/:id']),
  ...routes('ingest', 'POST', ['/v1/events/:id/replay', '/v1/events/replay']),
];

function routes(service: ConsoleService, method: GatewayRoute['method'], paths: readonly string[]): GatewayRoute[] {
  return paths.map((route) => ({ service, method, route }));
}

/** The path to ask for, each parameter one segment whatever stands in it; undefined where one would lead elsewhere. */
export function upstreamPath(
  route: string,
  params: Readonly<Record<string, string>>,
  query: string,
): string | undefined {
  if (Object.values(params).some((value) => value === '.' || value === '..')) return undefined;
  const path = route.replaceAll(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  return `${path}${query}`;
}
