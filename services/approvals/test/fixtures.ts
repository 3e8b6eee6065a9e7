import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registerApp } from '@holdpoint/shared/db/apps';
import type { AppRow, Scope } from '@holdpoint/shared/db/schema/apps';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { EscalationMode } from '@holdpoint/shared/domain/policy';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import { newId, newToken } from '@holdpoint/shared/runtime/ids';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import { until } from '@holdpoint/stack/until';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Kysely, sql } from 'kysely';
import { type ApprovalsConfig, type ApprovalsLimits, readApprovalsConfig } from '../src/config.ts';
import type { Voter } from '../src/core/voter.ts';
import { startApprovals } from '../src/service.ts';

export const TENANT = 'acme';
export const ISSUER = 'https://people.test';

export interface Issuer {
  readonly jwksUrl: string;
  token(subject: string, groups?: readonly string[], claims?: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
}

/** An identity provider of the test's own. */
export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] });
  const server = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(keys));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    token: (subject, groups = ['reviewer'], claims = {}) =>
      new SignJWT({ tenant: TENANT, groups, idtyp: 'user', name: subject, exp: inAnHour(), ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(ISSUER)
        .setAudience('holdpoint')
        .setSubject(subject)
        .sign(privateKey),
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

function inAnHour(): number {
  return Math.floor(Date.now() / 1000) + 3600;
}

export interface Bench {
  readonly servers: TestServers;
  /** Full rights. */
  readonly owner: Kysely<Database>;
  /** The rights of a service. */
  readonly db: Kysely<Database>;
  readonly issuer: Issuer;
  /** Starts an instance; all are stopped with the bench. */
  start(limits?: Partial<ApprovalsLimits>, environment?: Record<string, string>): Promise<RunningService>;
  stop(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const servers = await testServers({ redis: false });
  const issuer = await startIssuer();
  const owner = database(servers.databaseOwnerUrl, 5);
  const db = database(servers.databaseUrl, 30);
  const running: RunningService[] = [];
  return {
    servers,
    owner,
    db,
    issuer,
    async start(limits = {}, environment = {}) {
      const service = await startApprovals(configFor(servers, issuer, limits, environment));
      running.push(service);
      return service;
    },
    async stop() {
      await Promise.all(running.map((service) => service.stop()));
      await Promise.all([owner.destroy(), db.destroy(), issuer.stop()]);
      await servers.stop();
    },
  };
}

export function configFor(
  servers: TestServers,
  issuer: Issuer,
  limits: Partial<ApprovalsLimits> = {},
  environment: Record<string, string> = {},
): ApprovalsConfig {
  const config = readApprovalsConfig({ ...environmentFor(servers, issuer), ...environment });
  return { ...config, limits: { ...config.limits, ...limits } };
}

export function environmentFor(servers: TestServers, issuer: Issuer): Record<string, string> {
  return {
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: 'redis://127.0.0.1:1',
    NATS_URL: servers.natsUrl,
    PORT: '0',
    LOG_LEVEL: 'error',
    JWKS_URL: issuer.jwksUrl,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: 'holdpoint',
  };
}

function database(url: string, max: number): Kysely<Database> {
  return createDatabase<Database>(createPool({ url, applicationName: 'test', max }));
}

/** Registers an app and returns its key. */
export async function givenApp(
  owner: Kysely<Database>,
  scopes: readonly Scope[],
  more: Partial<Pick<AppRow, 'id' | 'tenant' | 'operators'>> = {},
): Promise<string> {
  const key = `hp_${newToken()}`;
  const app = { id: `app-${newId()}`, tenant: TENANT, operators: null, audiences: [], scopes: [...scopes], ...more };
  await registerApp(owner, { ...app, key_hash: hashApiKey(key) });
  return key;
}

export interface GivenApproval {
  readonly tenant?: string;
  readonly requirements?: readonly Requirement[];
  readonly mode?: EscalationMode;
  readonly state?: ActionState;
  readonly ttlMs?: number;
  readonly selfApproval?: boolean;
  readonly requester?: string;
  readonly onBehalfOf?: string | null;
  readonly args?: unknown;
  readonly reason?: string;
  readonly denials?: number;
  readonly remindEverySeconds?: number | null;
  readonly askedMsAgo?: number;
}

export interface Given {
  readonly approvalId: string;
  readonly actionId: string;
}

export const ONE_REVIEWER: readonly Requirement[] = [{ audience: 'reviewer', quorum: 1 }];

/** A plan, its action and the question about it, as the evaluator leaves them. */
export async function givenApproval(owner: Kysely<Database>, given: GivenApproval = {}): Promise<Given> {
  const [only] = await givenApprovals(owner, 1, given);
  if (only === undefined) throw new Error('one was asked for');
  return only;
}

/** The same many times over, in one transaction. */
export async function givenApprovals(
  owner: Kysely<Database>,
  count: number,
  given: GivenApproval = {},
): Promise<Given[]> {
  const {
    tenant = TENANT,
    requirements = ONE_REVIEWER,
    mode = 'hold',
    ttlMs = 600_000,
    args = { order: 'o-1' },
  } = given;
  const { selfApproval = false, requester = 'operator|order-risk', onBehalfOf = null, reason = 'over 500' } = given;
  const { denials = 1, remindEverySeconds = null, askedMsAgo = 0 } = given;
  const state = given.state ?? (mode === 'hold' ? 'held' : 'queued');
  const argsJson = JSON.stringify(args);
  const asked = JSON.stringify(requirements);
  const escalation = JSON.stringify({ mode, requirements, ttl_seconds: 600, self_approval: selfApproval, reasons: [] });
  const rows = Array.from({ length: count }, () => ({ plan: newId(), action: newId(), approval: newId() }));
  const many = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS g (plan uuid, action uuid, approval uuid)`;
  await owner.transaction().execute(async (tx) => {
    await sql`
      INSERT INTO plans (id, tenant, operator, plan_id, body_digest, env, requester)
      SELECT plan, ${tenant}, 'order-risk', 'plan-' || plan, 'digest', '{}', ${requester} FROM ${many}`.execute(tx);
    await sql`
      INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, value, entity_key,
        idempotency_key, proposed_digest, digest, decision, reasons, matched, policy_version, escalation, decided_at, state,
        approval_id, on_behalf_of)
      SELECT action, plan, 'plan-' || plan, 0, ${tenant}, 'order-risk', 'shop', 'orders.hold', 'write',
        ${argsJson}::jsonb, 820, 'order:1', 'key-' || action, 'd1', 'd1', 'ALERT', '[]', '["large"]', 'v1',
        ${escalation}::jsonb, clock_timestamp(), ${state}, approval, ${onBehalfOf} FROM ${many}`.execute(tx);
    await sql`
      INSERT INTO approvals (id, tenant, status, action, plan_id, digest, connector, tool, args, value, entity_key, risk,
        urgency, reason, subject, operator, agent, on_behalf_of, requester, requirements, mode, self_approval, created_at,
        expires_at, trace_id, denials, remind_every_seconds, next_reminder_at, escalates_at)
      SELECT approval, ${tenant}, 'pending', action, 'plan-' || plan, 'd1', 'shop', 'orders.hold',
        ${argsJson}::jsonb, 820, 'order:1', 'write', 'medium', ${reason}, 'shop orders.hold', 'order-risk', 'agent-7',
        ${onBehalfOf}, ${requester}, ${asked}::jsonb, ${mode}, ${selfApproval}, t.asked_at,
        t.asked_at + ${ttlMs}::bigint * interval '1 millisecond', ${'ab'.repeat(16)}, ${denials}, ${remindEverySeconds},
        t.asked_at + ${remindEverySeconds}::integer * interval '1 second', next_escalation(${asked}::jsonb, t.asked_at)
      FROM ${many}, LATERAL (
        SELECT clock_timestamp() - ${askedMsAgo}::bigint * interval '1 millisecond' AS asked_at) t`.execute(tx);
  });
  return rows.map(({ action, approval }) => ({ approvalId: approval, actionId: action }));
}

export function voter(subject: string, audiences: readonly string[] = ['reviewer']): Voter {
  return { principal: `${ISSUER}|${subject}`, subject, audiences, name: subject };
}

export async function approvalStatus(db: Kysely<Database>, id: string): Promise<Approval['status']> {
  return (await db.selectFrom('approvals').select('status').where('id', '=', id).executeTakeFirstOrThrow()).status;
}

export async function actionState(db: Kysely<Database>, id: string): Promise<ActionState> {
  return (await db.selectFrom('actions').select('state').where('id', '=', id).executeTakeFirstOrThrow()).state;
}

export function receiptsOf(db: Kysely<Database>, actionId: string) {
  return db.selectFrom('receipts').selectAll().where('action', '=', actionId).orderBy('id').execute();
}

/** Subjects and bodies that wait in the outbox, in order. Only where no instance relays. */
export async function outboxMessages(db: Kysely<Database>) {
  const rows = await db.selectFrom('outbox').select('messages').orderBy('id').execute();
  return rows.flatMap(({ messages }) => messages);
}

export interface Answer<T = Approval> {
  readonly status: number;
  readonly body: T & { code?: string };
}

/** Calls the API with a key or a token. */
export async function call<T = Approval>(
  url: string,
  token: string | undefined,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer<T>> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer<T>['body'] };
}

/** Waits for something to become so; fails where it does not within 10 s. */
export async function eventually<T>(what: string, attempt: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const found = await until(attempt, 10_000);
  if (found === undefined) throw new Error(`never happened: ${what}`);
  return found;
}
