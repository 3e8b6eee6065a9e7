import { lookup as lookUp } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { whyNotPublic } from './public-address.ts';

/** An address that may not be reached. Nothing was sent. */
export class PrivateAddress extends Error {
  override readonly name = 'PrivateAddress';

  /** `remedy`: how whoever runs this can allow it. */
  constructor(host: string, address: string, why: string, remedy: string) {
    const which = host === address ? address : `${host} is at ${address}, which`;
    super(`${which} is no public address (${why}): ${remedy}`);
  }
}

export interface PublicReach {
  /** What a refusal tells to do about it. */
  readonly remedy: string;
  readonly connectMaxMs: number;
}

/**
 * Judges the very address that is connected to, so that no name can lead elsewhere between the look and the connect. Every
 * hop of a redirect that needs a connection passes here.
 */
export function publicConnector({ remedy, connectMaxMs }: PublicReach): buildConnector.connector {
  const connect = buildConnector({ timeout: connectMaxMs, lookup: lookUpPublic(remedy) });
  return (options, callback) => {
    // An address in the URL is connected to without a lookup.
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
    const why = isIP(host) ? whyNotPublic(host) : undefined;
    if (why !== undefined) return callback(new PrivateAddress(host, host, why, remedy), null);
    return connect(options, callback);
  };
}

/** For clients that want an address and connect by themselves: the one to connect to. */
export function publicAddressOf(host: string, remedy: string): Promise<string> {
  return new Promise((resolve, reject) => {
    lookUpPublic(remedy)(host, {}, (error, address) => (error ? reject(error) : resolve(address as string)));
  });
}

/**
 * For sockets, which do not ask it about a host that is an address. A name of which one address is private is refused whole:
 * which one is connected to would be chance.
 */
export function lookUpPublic(remedy: string): LookupFunction {
  return (host, options, callback) => {
    lookUp(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [], undefined);
      for (const { address } of addresses) {
        const why = whyNotPublic(address);
        if (why !== undefined) return callback(new PrivateAddress(host, address, why, remedy), [], undefined);
      }
      const [first] = addresses;
      return options.all || !first ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}
