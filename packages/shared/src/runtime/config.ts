import { resolve } from 'node:path';
import { z } from 'zod';
import type { ClaimsConfig, PersonClaim } from './claims.ts';
import type { Rate } from './token-bucket.ts';

export const SERVICES = ['ingest', 'evaluator', 'executor', 'approvals'] as const;
export type ServiceName = (typeof SERVICES)[number];

const DEFAULT_PORTS = { ingest: 4001, evaluator: 4002, executor: 4003, approvals: 4004 } as const satisfies Record<
  ServiceName,
  number
>;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const PRIVATE_NETWORK = ['allow', 'refuse'] as const;
export type PrivateNetwork = (typeof PRIVATE_NETWORK)[number];

/** Whose tokens are believed. */
export interface JwtConfig extends ClaimsConfig {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** Where people sign in with a browser. */
export interface OidcConfig extends ClaimsConfig {
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** With spaces between. */
  readonly scopes: string;
  /** What the button says. */
  readonly name: string;
  /** Where browsers reach this service, without a slash at its end. */
  readonly publicUrl: string;
}

export interface ServiceConfig {
  readonly service: ServiceName;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** One URL, or several with commas between. */
  readonly natsUrl: string;
  /** A credentials file's path, or its text. */
  readonly natsCreds?: string;
  /** Absolute. */
  readonly workspaceDir: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly jwt?: JwtConfig;
  /** Approvals and the executor, where browsers come to. */
  readonly oidc?: OidcConfig;
  readonly otelEndpoint?: string;
  /** 32 bytes; only where secrets are opened: ingest and executor. */
  readonly masterKey?: Uint8Array;
  /** `allow`: connectors and notifications may call addresses that are not public. The executor's and approvals' only. */
  readonly privateNetwork?: PrivateNetwork;
  /** As Fastify's `trustProxy`: whose `X-Forwarded-For` is believed. */
  readonly trustProxy: boolean | number | string[];
  readonly instanceId?: string;
  /** Where people reach the console, without a slash at its end. Approvals' only; absent: where it listens. */
  readonly publicUrl?: string;
  /** How long what replay needs of a plan is kept; absent: for ever. The evaluator's only. */
  readonly recordsDays?: number;
  /** Ingest's only. */
  readonly ingest?: IngestLimits;
  /** Approvals' only. */
  readonly console?: ConsoleConfig;
}

/** Where the console asks on behalf of who is signed in. A service that is not named is not there for it. */
export interface ConsoleConfig {
  readonly services: Readonly<Partial<Record<ConsoleService, string>>>;
  /** Bull Board, as browsers reach it. */
  readonly queuesUrl?: string;
}

export const CONSOLE_SERVICES = ['executor', 'evaluator', 'ingest'] as const satisfies readonly ServiceName[];
export type ConsoleService = (typeof CONSOLE_SERVICES)[number];

export interface IngestLimits {
  /** Of a tenant that has no rate of its own. */
  readonly tenantRate: Rate;
  /** Of one address: what is refused or leads to no source. */
  readonly addressRate: Rate;
  /** Of the stream of events, to a tenant that has no limit of its own. Absent: its share. */
  readonly tenantEventsMaxBytes?: number;
}

/** A bad environment. The message is one line that names the variable and says why, and never shows its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly variable: string;

  constructor(variable: string, reason: string) {
    super(`${variable}: ${reason}`);
    this.variable = variable;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a service's configuration. An empty variable counts as absent. Paths are resolved against `cwd`.
 * @throws {ConfigError} naming the first bad variable
 */
export function readConfig(
  env: Environment,
  service: 'ingest',
  cwd?: string,
): ServiceConfig & { readonly ingest: IngestLimits };
export function readConfig(
  env: Environment,
  service: 'approvals',
  cwd?: string,
): ServiceConfig & { readonly console: ConsoleConfig };
export function readConfig(env: Environment, service: ServiceName, cwd?: string): ServiceConfig;
export function readConfig(env: Environment, service: ServiceName, cwd: string = process.cwd()): ServiceConfig {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const variable = String(issue?.path[0] ?? 'environment');
    throw new ConfigError(variable, variable in present ? (issue?.message ?? 'is not valid') : 'is required');
  }
  const value = parsed.data;
  const jwt = jwtConfig(value);
  const oidc = service === 'approvals' || service === 'executor' ? oidcConfig(value, service) : undefined;
  const opensSecrets = service === 'ingest' || service === 'executor';
  return {
    service,
    host: value.HOST,
    port: value.PORT ?? DEFAULT_PORTS[service],
    databaseUrl: value.DATABASE_URL,
    redisUrl: value.REDIS_URL,
    natsUrl: value.NATS_URL,
    ...(value.NATS_CREDS && { natsCreds: value.NATS_CREDS }),
    workspaceDir: resolve(cwd, value.HOLDPOINT_WORKSPACE),
    logLevel: value.LOG_LEVEL,
    ...(jwt && { jwt }),
    ...(oidc && { oidc }),
    ...(value.OTEL_EXPORTER_OTLP_ENDPOINT && { otelEndpoint: value.OTEL_EXPORTER_OTLP_ENDPOINT }),
    ...(opensSecrets && value.HOLDPOINT_MASTER_KEY && { masterKey: value.HOLDPOINT_MASTER_KEY }),
    ...((service === 'executor' || service === 'approvals') && { privateNetwork: value.HOLDPOINT_PRIVATE_NETWORK }),
    ...(service === 'approvals' && value.PUBLIC_URL && { publicUrl: value.PUBLIC_URL }),
    ...(service === 'evaluator' && { recordsDays: value.HOLDPOINT_RECORDS_DAYS }),
    ...(service === 'approvals' && { console: consoleConfig(value) }),
    trustProxy: value.TRUST_PROXY,
    ...(value.INSTANCE_ID && { instanceId: value.INSTANCE_ID }),
    ...(service === 'ingest' && {
      ingest: {
        tenantRate: value.INGEST_TENANT_RATE,
        addressRate: value.INGEST_ADDRESS_RATE,
        ...(value.INGEST_TENANT_MAX_BYTES && { tenantEventsMaxBytes: value.INGEST_TENANT_MAX_BYTES }),
      },
    }),
  };
}

type Parsed = z.infer<typeof environmentSchema>;

function consoleConfig({ EXECUTOR_URL, EVALUATOR_URL, INGEST_URL, QUEUES_URL }: Parsed): ConsoleConfig {
  return {
    services: {
      ...(EXECUTOR_URL && { executor: EXECUTOR_URL }),
      ...(EVALUATOR_URL && { evaluator: EVALUATOR_URL }),
      ...(INGEST_URL && { ingest: INGEST_URL }),
    },
    ...(QUEUES_URL && { queuesUrl: QUEUES_URL }),
  };
}

/** The three that name an issuer stand or fall together. */
function jwtConfig(value: Parsed): JwtConfig | undefined {
  const { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE } = value;
  if (!JWKS_URL && !JWT_ISSUER && !JWT_AUDIENCE) return undefined;
  if (!JWKS_URL) throw new ConfigError('JWKS_URL', 'is required where JWT_ISSUER or JWT_AUDIENCE is set');
  if (!JWT_ISSUER) throw new ConfigError('JWT_ISSUER', 'is required where JWKS_URL is set');
  if (!JWT_AUDIENCE) throw new ConfigError('JWT_AUDIENCE', 'is required where JWKS_URL is set');
  return {
    jwksUrl: JWKS_URL,
    issuer: JWT_ISSUER,
    audience: JWT_AUDIENCE,
    ...claimsConfig(value),
  };
}

/** The console is what people sign in to; the executor offers it too where it knows how browsers reach it. */
function oidcConfig(value: Parsed, service: 'approvals' | 'executor'): OidcConfig | undefined {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, PUBLIC_URL } = value;
  if (!OIDC_ISSUER) {
    if (OIDC_CLIENT_ID) throw new ConfigError('OIDC_ISSUER', 'is required where OIDC_CLIENT_ID is set');
    return undefined;
  }
  if (!OIDC_CLIENT_ID) throw new ConfigError('OIDC_CLIENT_ID', 'is required where OIDC_ISSUER is set');
  if (value.JWT_ISSUER && value.JWT_ISSUER !== OIDC_ISSUER) {
    throw new ConfigError('OIDC_ISSUER', 'must be what JWT_ISSUER is: by two issuers one person would be two');
  }
  const discoveryUrl = value.OIDC_DISCOVERY_URL ?? `${OIDC_ISSUER.replace(/\/$/, '')}/.well-known/openid-configuration`;
  if (!isSecureOrLocal(discoveryUrl)) {
    const variable = value.OIDC_DISCOVERY_URL ? 'OIDC_DISCOVERY_URL' : 'OIDC_ISSUER';
    throw new ConfigError(variable, 'must be a URL that begins with https://, or with http:// on this machine');
  }
  if (!PUBLIC_URL) {
    if (service === 'executor') return undefined;
    throw new ConfigError('PUBLIC_URL', 'is required where OIDC_ISSUER is set');
  }
  return {
    issuer: OIDC_ISSUER,
    discoveryUrl,
    clientId: OIDC_CLIENT_ID,
    ...(OIDC_CLIENT_SECRET && { clientSecret: OIDC_CLIENT_SECRET }),
    scopes: value.OIDC_SCOPES,
    name: value.OIDC_NAME,
    publicUrl: PUBLIC_URL,
    ...claimsConfig(value),
  };
}

function claimsConfig(value: Parsed): ClaimsConfig {
  return {
    tenantClaim: value.JWT_TENANT_CLAIM,
    audiencesClaim: value.JWT_AUDIENCES_CLAIM,
    personClaims: value.JWT_PERSON_CLAIM,
  };
}

/** What a code is exchanged for is believed because of who answers: nobody on the way may. */
function isSecureOrLocal(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

function url(schemes: readonly string[]) {
  const wanted = schemes.map((scheme) => `${scheme}://`).join(' or ');
  return z.string().refine((text) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    return parsed !== undefined && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.host !== '';
  }, `must be a URL that begins with ${wanted}`);
}

/** `<a second>/<at once>`. */
const rate = z
  .string()
  .regex(/^[1-9][0-9]{0,5}\/[1-9][0-9]{0,6}$/, 'must be <a second>/<at once>, for example 100/1000')
  .transform((text): Rate => {
    const [perSecond = 0, burst = 0] = text.split('/').map(Number);
    return { perSecond, burst };
  });

const natsScheme = url(['nats', 'tls', 'ws', 'wss']);
const claim = z.string().regex(/^[^\s=]{1,128}$/, 'must be the name of a claim');

export const environmentSchema = z.object({
  DATABASE_URL: url(['postgres', 'postgresql']),
  REDIS_URL: url(['redis', 'rediss']),
  NATS_URL: z
    .string()
    .refine(
      (text) => text.split(',').every((part) => natsScheme.safeParse(part.trim()).success),
      'must be a URL that begins with nats:// or tls:// or ws:// or wss://, or several with commas between',
    ),
  NATS_CREDS: z.string().optional(),
  HOLDPOINT_WORKSPACE: z.string().default('workspace'),
  HOST: z.string().default('127.0.0.1'),
  PORT: z
    .string()
    .refine((text) => /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535, 'must be a port, 0 to 65535')
    .transform(Number)
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  JWKS_URL: url(['https', 'http']).optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_TENANT_CLAIM: claim.default('tenant'),
  JWT_AUDIENCES_CLAIM: claim.default('groups'),
  JWT_PERSON_CLAIM: z
    .string()
    .regex(
      /^[^\s=|]{1,128}(=[^|]{1,128})?(\|[^\s=|]{1,128}(=[^|]{1,128})?){0,9}$/,
      'must be <claim>=<value> or <claim>, or several with | between',
    )
    .prefault('idtyp=user')
    .transform((text): PersonClaim[] =>
      text.split('|').map((one) => {
        const at = one.indexOf('=');
        return at < 0 ? { name: one } : { name: one.slice(0, at), value: one.slice(at + 1) };
      }),
    ),
  OIDC_ISSUER: z.string().max(1024).optional(),
  OIDC_DISCOVERY_URL: url(['https', 'http']).optional(),
  OIDC_CLIENT_ID: z.string().max(256).optional(),
  OIDC_CLIENT_SECRET: z.string().max(1024).optional(),
  OIDC_SCOPES: z
    .string()
    .refine((text) => text.split(' ').includes('openid'), 'must have openid among its scopes, with spaces between')
    .default('openid profile email'),
  OIDC_NAME: z.string().max(64).default('single sign-on'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['https', 'http']).optional(),
  HOLDPOINT_MASTER_KEY: z
    .string()
    .transform((text) => (/^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')))
    .refine((bytes) => bytes.length === 32, 'must be 32 bytes, as hex or base64')
    .transform((bytes) => new Uint8Array(bytes))
    .optional(),
  HOLDPOINT_PRIVATE_NETWORK: z.enum(PRIVATE_NETWORK, `must be one of ${PRIVATE_NETWORK.join(', ')}`).default('refuse'),
  PUBLIC_URL: url(['https', 'http'])
    .transform((text) => text.replace(/\/+$/, ''))
    .optional(),
  HOLDPOINT_RECORDS_DAYS: z
    .string()
    .regex(/^[1-9][0-9]{0,4}$/, 'must be a number of days, 1 to 99999')
    .prefault('400')
    .transform(Number),
  TRUST_PROXY: z
    .string()
    .default('false')
    .transform((text): boolean | number | string[] => {
      if (text === 'true' || text === 'false') return text === 'true';
      return /^[0-9]{1,2}$/.test(text) ? Number(text) : text.split(',').map((part) => part.trim());
    }),
  INSTANCE_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1–64 of A–Z, a–z, 0–9, ., _ and -')
    .optional(),
  EXECUTOR_URL: url(['https', 'http']).optional(),
  EVALUATOR_URL: url(['https', 'http']).optional(),
  INGEST_URL: url(['https', 'http']).optional(),
  QUEUES_URL: url(['https', 'http']).optional(),
  INGEST_TENANT_RATE: rate.prefault('10000/20000'),
  INGEST_ADDRESS_RATE: rate.prefault('100/1000'),
  INGEST_TENANT_MAX_BYTES: z
    .string()
    .regex(/^[1-9][0-9]{0,14}$/, 'must be a number of bytes')
    .transform(Number)
    .optional(),
});
