import { environmentSchema } from '@holdpoint/shared/runtime/config';
import { code, generatedFrom, page, table } from './markdown.ts';

type Variable = keyof typeof environmentSchema.shape;

const MEANINGS = {
  DATABASE_URL: 'Postgres, as the restricted role that the services run as',
  REDIS_URL: 'Redis, for doorbells and timers',
  NATS_URL: 'NATS with JetStream; several with commas between',
  NATS_CREDS: "a credentials file's path, or its text",
  HOLDPOINT_WORKSPACE: 'the folder with connectors, tenants and policies',
  HOST: 'the address to listen on',
  PORT: 'ingest 4001, evaluator 4002, executor 4003, approvals 4004 unless told; 0: any free one',
  LOG_LEVEL: 'the least that is logged',
  JWKS_URL: "where the identity provider's keys are",
  JWT_ISSUER: 'whose tokens are believed',
  JWT_AUDIENCE: 'for whom they must be meant',
  JWT_TENANT_CLAIM: 'the claim that names the tenant; this and the next two may be dotted paths',
  JWT_AUDIENCES_CLAIM:
    'the claim that lists the audiences a person belongs to: a list, or a text with spaces or commas',
  JWT_PERSON_CLAIM:
    "what marks a person's token: `<claim>=<value>`, or `<claim>` for any value; several with `\\|` between, of which one is enough",
  OIDC_ISSUER: 'the identity provider at which people sign in with a browser; approvals and executor only',
  OIDC_DISCOVERY_URL: 'its metadata, where they are not at `<issuer>/.well-known/openid-configuration`',
  OIDC_CLIENT_ID: 'as what it knows the console',
  OIDC_CLIENT_SECRET: 'none for a public client',
  OIDC_SCOPES: 'what is asked for',
  OIDC_NAME: 'what it is called on the button',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'where traces go',
  HOLDPOINT_MASTER_KEY: '32 bytes that open the key store; ingest and executor only',
  HOLDPOINT_PRIVATE_NETWORK:
    '`allow`: connectors and notifications may call addresses that are not public, in development; executor and approvals only. A tenant allows it for one connector by `network: { private: true }`',
  PUBLIC_URL:
    'where people reach the console, for links in notifications and the way back from the identity provider; where it listens unless told. Of the executor: where they reach its `/queues`, to sign in there as well',
  HOLDPOINT_RECORDS_DAYS:
    'days for which arguments, results and events of plans are kept, for replay; then they are erased. Evaluator only',
  TRUST_PROXY: 'whose `X-Forwarded-For` is believed',
  INSTANCE_ID: 'what logs call this process; its host and pid unless told',
  EXECUTOR_URL: 'the executor, as approvals reaches it: what the console asks there; approvals only',
  EVALUATOR_URL: 'the evaluator, likewise',
  INGEST_URL: 'ingest, likewise',
  QUEUES_URL: "the executor's `/queues`, as browsers reach it: the console links there; approvals only",
  INGEST_TENANT_RATE:
    'deliveries that ingest takes of one tenant: `<a second>/<at once>`, over all instances. `tenants/<tenant>/limits.ts` goes before it',
  INGEST_ADDRESS_RATE:
    'requests that ingest refuses or has no source for, from one address, before it answers all with 429',
  INGEST_TENANT_MAX_BYTES:
    'of the stream of events, to each tenant; its maximum shared equally unless told. `tenants/<tenant>/limits.ts` goes before it',
} as const satisfies Record<Variable, string>;

export function configPage(): string {
  return page(
    '# Configuration',
    generatedFrom('packages/shared/src/runtime/config.ts'),
    'Each service is configured by its environment, read once at the start. A bad value stops it with one line that names the variable, never its value. An empty variable counts as absent.',
    table(
      ['variable', 'unless told', 'is'],
      (Object.keys(environmentSchema.shape) as Variable[]).map((name) => [
        code(name),
        defaultOf(environmentSchema.shape[name]),
        MEANINGS[name],
      ]),
    ),
    'Migrations need the rights of an owner: `DATABASE_OWNER_URL`, read by whatever runs them and by no service.',
    "Secrets that the workspace refers to by `secret('NAME')` come from `HOLDPOINT_SECRET_NAME`, else `NAME`: those of sources to ingest, those of connectors to the executor, those of `notifications.ts` to approvals, and to nothing else.",
  );
}

function defaultOf(schema: (typeof environmentSchema.shape)[Variable]): string {
  const absent = schema.safeParse(undefined);
  if (!absent.success) return '(required)';
  if (absent.data === undefined) return '';
  if (typeof absent.data !== 'object') return code(String(absent.data));
  if (Array.isArray(absent.data)) return code(absent.data.map((one) => Object.values(one).join('=')).join('\\|'));
  return code(Object.values(absent.data as object).join('/'));
}
