import { publicConnector } from '@holdpoint/shared/runtime/public-network';
import { Agent, buildConnector, type Dispatcher } from 'undici';

/** The connections of all connectors, kept for the next call. */
export interface ConnectorNetwork {
  /** One pool a connector, and another for tenants that let it reach private addresses: no tenant uses what another may. */
  pool(connector: string, reach: Reach): Dispatcher;
  close(): Promise<void>;
}

export type Reach = 'public' | 'anywhere';

/** More requests to one origin wait for a connection, within the time of their call. */
const CONNECTIONS_MAX = 128;
const ORIGINS_MAX = 1_000;
export const CONNECT_MAX_MS = 10_000;
/** A call's own limit ends it sooner; no tool may have a longer one. */
const ANSWER_MAX_MS = 10 * 60_000;
const HEADERS_MAX_BYTES = 32 * 1024;

/** What whoever runs this can do about a refused address. */
export const REMEDY =
  "allow it by network: { private: true } for this connector in the tenant's connectors.ts, or for development by " +
  'HOLDPOINT_PRIVATE_NETWORK=allow';

export function createConnectorNetwork(): ConnectorNetwork {
  const agents = new Map<string, Agent>();
  return {
    pool(connector, reach) {
      const name = `${connector} ${reach}`;
      const agent = agents.get(name) ?? createAgent(reach);
      agents.set(name, agent);
      return agent;
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
      agents.clear();
    },
  };
}

function createAgent(reach: Reach): Agent {
  return new Agent({
    connect:
      reach === 'public'
        ? publicConnector({ remedy: REMEDY, connectMaxMs: CONNECT_MAX_MS })
        : buildConnector({ timeout: CONNECT_MAX_MS }),
    connections: CONNECTIONS_MAX,
    maxOrigins: ORIGINS_MAX,
    headersTimeout: ANSWER_MAX_MS,
    bodyTimeout: ANSWER_MAX_MS,
    maxHeaderSize: HEADERS_MAX_BYTES,
  });
}
