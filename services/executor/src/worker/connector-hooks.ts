import { credentialsOf } from '@holdpoint/calls/connector-credentials';
import { createConnectorLog } from '@holdpoint/calls/connector-log';
import type { Reach } from '@holdpoint/calls/connector-network';
import { inConnector, STRAY } from '@holdpoint/calls/connector-scope';
import { callSecrets } from '@holdpoint/calls/core/call-secrets';
import { classifyFailure } from '@holdpoint/calls/core/classify-failure';
import { storedError } from '@holdpoint/calls/core/stored-json';
import { createSentProof } from '@holdpoint/calls/sent-proof';
import { trackFetch } from '@holdpoint/calls/tracked-fetch';
import { trackSocket } from '@holdpoint/calls/tracked-socket';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorRunner, ConnectorStart, TenantStart } from '@holdpoint/shared/workspace/connector-runner';
import type { TenantConnector } from '@holdpoint/shared/workspace/tenant-connectors';
import type { Dispatcher } from 'undici';

/** What a connector does outside of calls: each within its time, its failure an Error whose message holds no secret. */
export interface ConnectorHooks {
  readonly name: string;
  init(): Promise<void>;
  /**
   * Undefined where the connector cannot say how it is. Told by `onEnded` when it has really ended, which may be long after
   * its time was up.
   */
  readonly health: ((onEnded: () => void) => Promise<void>) | undefined;
  close(): Promise<void>;
}

export interface HookLimits {
  readonly initMaxMs: number;
  readonly healthMaxMs: number;
  readonly closeMaxMs: number;
}

export interface HookOptions {
  readonly name: string;
  readonly runner: ConnectorRunner;
  /** What each tenant gives it. */
  readonly given: ReadonlyMap<string, TenantConnector>;
  readonly pool: (tenant: string) => Dispatcher;
  readonly reach: (tenant: string) => Reach;
  readonly limits: HookLimits;
  readonly logger: Logger;
  readonly onStray: () => void;
}

export function createHooks(options: HookOptions): ConnectorHooks {
  const { name, runner, given, limits, logger, onStray } = options;
  const secrets = callSecrets(
    {},
    [],
    [...given.values()].flatMap(({ credentials }) => Object.values(credentials)),
  );
  const log = createConnectorLog(logger.child({ connector: name }), secrets);
  const scope = {
    connector: name,
    onStray(err: unknown) {
      onStray();
      log.error({ err }, STRAY);
    },
  };

  async function run(limitMs: number, hook: (start: ConnectorStart) => unknown, onEnded = () => {}): Promise<void> {
    const over = new AbortController();
    const opened: { end(): void }[] = [];
    const start = ([tenant, own]: [string, TenantConnector]): [string, TenantStart] => {
      const sends = { signal: over.signal, mayStillSend() {}, proof: createSentProof() };
      const fetches = trackFetch({ ...sends, pool: options.pool(tenant) });
      const sockets = trackSocket({ ...sends, reach: options.reach(tenant) });
      opened.push(fetches, sockets);
      const secret = credentialsOf(tenant, name, own);
      return [tenant, { config: own.config, secret, fetch: fetches.fetch, connect: sockets.connect }];
    };
    const tenants = Object.fromEntries([...given].map(start));
    try {
      const running = inConnector(scope, async () => hook({ tenants, log, signal: over.signal }));
      running.then(onEnded, onEnded);
      if ((await within(limitMs, over, running)) === false) throw new Error('answered false');
    } catch (error) {
      // Its words may be anything, what it was trusted with too; so it stands in no `cause`.
      throw new Error(storedError(wordsOf(error), secrets));
    } finally {
      for (const { end } of opened) end();
    }
  }

  return {
    name,
    init: async () => {
      if (runner.init) await run(limits.initMaxMs, (start) => runner.init?.(start));
    },
    health: runner.health && ((onEnded) => run(limits.healthMaxMs, (start) => runner.health?.(start), onEnded)),
    close: async () => {
      if (runner.close) await run(limits.closeMaxMs, () => runner.close?.());
    },
  };
}

async function within(limitMs: number, over: AbortController, running: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`took longer than ${limitMs} ms`);
      reject(error);
      over.abort(error);
    }, limitMs);
  });
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

function wordsOf(error: unknown): string {
  try {
    return classifyFailure(error, { notSent: false }).message;
  } catch {
    return 'failed with an error that cannot be read';
  }
}
