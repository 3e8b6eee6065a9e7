import { join } from 'node:path';
import { SERVICES, type ServiceName } from '@holdpoint/shared/runtime/config';
import { environment } from './config.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { portFor } from './ports.ts';
import type { Program } from './supervisor.ts';
import type { LoadedWorkspace } from './workspace.ts';

/** Of each service's first instance. */
const DEFAULT_PORTS = { ingest: 4001, evaluator: 4002, executor: 4003, approvals: 4004 } as const satisfies Record<
  ServiceName,
  number
>;
const READY_ASK_MS = 2_000;

export interface ServiceSurroundings {
  readonly root: string;
  readonly logDir: string;
  readonly instances: number;
  readonly tie: readonly string[];
  readonly servers: { readonly databaseUrl: string; readonly redisUrl: string; readonly natsUrl: string };
  readonly identity: IdentityProvider;
  readonly workspace: LoadedWorkspace;
}

export interface ServiceProgram extends Program {
  readonly service: ServiceName;
  readonly url: string;
}

/** What to run: every service as many times as asked, each instance on a port of its own. */
export async function servicePrograms(surroundings: ServiceSurroundings): Promise<ServiceProgram[]> {
  const places: Place[] = [];
  // One after another: two that looked for a port at once could find the same.
  for (const service of SERVICES) {
    for (let instance = 1; instance <= surroundings.instances; instance += 1) {
      const taken = places.map(({ port }) => port);
      const port = await freshPort(instance === 1 ? DEFAULT_PORTS[service] : undefined, taken);
      places.push({ service, instance, port, url: `http://127.0.0.1:${port}` });
    }
  }
  return places.map((place) => serviceProgram(surroundings, place, places));
}

interface Place {
  readonly service: ServiceName;
  readonly instance: number;
  readonly port: number;
  readonly url: string;
}

async function freshPort(wanted: number | undefined, taken: readonly number[]): Promise<number> {
  for (;;) {
    const port = await portFor(wanted);
    if (!taken.includes(port)) return port;
  }
}

function serviceProgram(
  { root, logDir, tie, ...surroundings }: ServiceSurroundings,
  { service, instance, port, url }: Place,
  places: readonly Place[],
): ServiceProgram {
  return {
    service,
    url,
    name: `${service}-${instance}`,
    args: [join(root, 'services', service, 'src', 'main.ts')],
    cwd: root,
    tie,
    logFile: join(logDir, `${service}-${instance}.log`),
    env: {
      ...basicEnvironment(),
      ...serviceEnvironment(surroundings, service),
      ...((service === 'approvals' || service === 'executor') && signInEnvironment(surroundings.identity, url)),
      ...(service === 'approvals' && consoleEnvironment(places)),
      PORT: String(port),
    },
    ready: () => isReady(url),
  };
}

function serviceEnvironment(
  { servers, identity, workspace }: Pick<ServiceSurroundings, 'servers' | 'identity' | 'workspace'>,
  service: ServiceName,
): Record<string, string> {
  const opensSecrets = service === 'ingest' || service === 'executor';
  return {
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    NATS_URL: servers.natsUrl,
    HOLDPOINT_WORKSPACE: workspace.dir,
    HOST: '127.0.0.1',
    JWKS_URL: identity.jwksUrl,
    JWT_ISSUER: identity.issuer,
    JWT_AUDIENCE: identity.audience,
    ...given('NATS_CREDS', 'LOG_LEVEL', 'OTEL_EXPORTER_OTLP_ENDPOINT'),
    ...(opensSecrets && given('HOLDPOINT_MASTER_KEY')),
    ...(service === 'evaluator' && given('HOLDPOINT_RECORDS_DAYS')),
    ...(service === 'ingest' && {
      ...workspace.sourceSecrets,
      ...given('INGEST_TENANT_RATE', 'INGEST_ADDRESS_RATE', 'INGEST_TENANT_MAX_BYTES'),
    }),
    ...(service === 'approvals' && {
      ...workspace.notificationSecrets,
      ...given('PUBLIC_URL'),
      HOLDPOINT_PRIVATE_NETWORK: 'allow',
    }),
    // Everything is on this machine, what connectors call too.
    ...(service === 'executor' && { ...workspace.connectorSecrets, HOLDPOINT_PRIVATE_NETWORK: 'allow' }),
  };
}

/** People sign in where browsers come to; where those come from elsewhere, the development identity provider is not for them. */
function signInEnvironment({ issuer, discoveryUrl, clientId }: IdentityProvider, url: string): Record<string, string> {
  if (environment().PUBLIC_URL) return {};
  return {
    OIDC_ISSUER: issuer,
    OIDC_DISCOVERY_URL: discoveryUrl,
    OIDC_CLIENT_ID: clientId,
    OIDC_NAME: 'a development identity',
    PUBLIC_URL: url,
  };
}

/** Where the console finds the others. */
function consoleEnvironment(places: readonly Place[]): Record<string, string> {
  const first = (wanted: ServiceName) => places.find(({ service }) => service === wanted)?.url ?? '';
  return {
    EXECUTOR_URL: first('executor'),
    EVALUATOR_URL: first('evaluator'),
    INGEST_URL: first('ingest'),
    QUEUES_URL: `${first('executor')}/queues`,
  };
}

/** What any process wants, and no secret stands in. */
export function basicEnvironment(): Record<string, string> {
  return given('PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_EXTRA_CA_CERTS', 'NODE_COMPILE_CACHE');
}

export function given(...names: readonly string[]): Record<string, string> {
  const env = environment();
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(READY_ASK_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
