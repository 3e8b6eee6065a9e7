import { type Call, callConnector } from '@holdpoint/calls/call-connector';
import { createConnectorNetwork } from '@holdpoint/calls/connector-network';
import type { CallEnd } from '@holdpoint/calls/core/call-end';
import { callSecrets } from '@holdpoint/calls/core/call-secrets';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorContext, ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';

export interface CalledTool {
  readonly runner: ConnectorRunner;
  readonly tool: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly credentials?: Readonly<Record<string, string>>;
  readonly part?: Call['part'];
  readonly result?: unknown;
  /** The same for every attempt of an action. */
  readonly idempotencyKey?: string | null;
  readonly entityKey?: string | null;
  readonly attempt?: number;
  readonly actionId?: string;
  readonly timeoutMs?: number;
  readonly kv?: ConnectorContext['kv'];
  /** Of its own entities: `createEntityDb(memoryEntities(), 'acme', declared)`. */
  readonly db?: ConnectorContext['db'];
}

const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
const network = createConnectorNetwork();

/** Calls a connector's tool once, by the very code that the executor does it with, to any address. */
export function callTool(called: CalledTool): Promise<CallEnd> {
  const { runner, tool, args = {}, config = {}, credentials = {}, part = 'run', result } = called;
  const { idempotencyKey = 'key-1', entityKey = 'entity:1', attempt = 1, actionId = 'action-1' } = called;
  return callConnector({
    action: {
      id: actionId,
      tenant: 'acme',
      connector: 'tried',
      tool,
      args,
      entity_key: entityKey,
      idempotency_key: idempotencyKey,
      attempts: attempt,
    },
    part,
    result,
    runner,
    given: { credentials, config },
    timeoutMs: called.timeoutMs ?? 5_000,
    lease: { held: () => true },
    abandon: new AbortController().signal,
    kv: called.kv ?? noMemory,
    db: called.db ?? {},
    pool: network.pool('tried', 'anywhere'),
    logger,
    secrets: callSecrets(args, [], Object.values(credentials)),
    reach: 'anywhere',
    onStray: () => {},
  });
}

/** Closes the connections that are kept for the next call. */
export const endCalls = (): Promise<void> => network.close();

const refuse = () => Promise.reject(new Error('this call was given no memory'));
const noMemory: ConnectorContext['kv'] = { get: refuse, set: refuse, delete: refuse, compareAndSet: refuse };
