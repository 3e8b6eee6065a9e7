import { lookup as lookUp } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { whyNotPublic } from './public-address.ts';

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
const CONNECT_MAX_MS = 10_000;
/** A call's own limit ends it sooner; no tool may have a longer one. */
const ANSWER_MAX_MS = 10 * 60_000;
const HEADERS_MAX_BYTES = 32 * 1024;

/** An address that this connector may not reach. Nothing was sent. */
export class PrivateAddress extends Error {
  override readonly name = 'PrivateAddress';

  constructor(host: string, address: string, why: string) {
    const which = host === address ? address : `${host} is at ${address}, which`;
    super(
      `${which} is no public address (${why}): allow it by network: { private: true } for this connector in the ` +
        "tenant's connectors.ts, or for development by HOLDPOINT_PRIVATE_NETWORK=allow",
    );
  }
}

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
    connect: reach === 'public' ? publicConnector() : buildConnector({ timeout: CONNECT_MAX_MS }),
    connections: CONNECTIONS_MAX,
    maxOrigins: ORIGINS_MAX,
    headersTimeout: ANSWER_MAX_MS,
    bodyTimeout: ANSWER_MAX_MS,
    maxHeaderSize: HEADERS_MAX_BYTES,
  });
}

/**
 * Judges the very address that is connected to, so that no name can lead elsewhere between the look and the connect. Every
 * hop of a redirect that needs a connection passes here.
 */
function publicConnector(): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_MAX_MS, lookup: lookUpPublic });
  return (options, callback) => {
    // An address in the URL is connected to without a lookup.
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
    const why = isIP(host) ? whyNotPublic(host) : undefined;
    if (why !== undefined) return callback(new PrivateAddress(host, host, why), null);
    return connect(options, callback);
  };
}

/** A name of which one address is private is refused whole: which one is connected to would be chance. */
const lookUpPublic: LookupFunction = (host, options, callback) => {
  lookUp(host, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [], undefined);
    for (const { address } of addresses) {
      const why = whyNotPublic(address);
      if (why !== undefined) return callback(new PrivateAddress(host, address, why), [], undefined);
    }
    const [first] = addresses;
    return options.all || !first ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};
