import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { lookUpPublic, publicAddressOf } from '@holdpoint/shared/runtime/public-network';
import type { ConnectTo } from '@holdpoint/shared/workspace/connector-runner';
import { createCallEnding } from './call-ending.ts';
import { CONNECT_MAX_MS, REMEDY, type Reach } from './connector-network.ts';
import type { SentProof } from './sent-proof.ts';

const CONNECTIONS_MAX = 16;

export interface TrackedSocket {
  connect(to: ConnectTo): Promise<Socket | TLSSocket>;
  /** The call is over: its connections are cut, and it makes no more. */
  end(): void;
}

export interface SocketLimits {
  /** Cuts the call's connections. */
  readonly signal: AbortSignal;
  readonly reach: Reach;
  /** Asked before every connection; throws where there may be none. */
  readonly mayStillSend: () => void;
  readonly proof: SentProof;
  readonly connectMaxMs?: number;
}

/**
 * Connections for protocols other than HTTP, under the rules of `trackFetch`: to public addresses alone unless the tenant lets
 * the connector go further, while the worker may send, until the call ends. One that is handed out may have carried
 * something; one that is not has carried nothing of its call, whatever part of the making failed.
 */
export function trackSocket({
  signal,
  reach,
  mayStillSend,
  proof,
  connectMaxMs = CONNECT_MAX_MS,
}: SocketLimits): TrackedSocket {
  const open = new Set<Socket>();
  const ending = createCallEnding(signal);
  let ends: AbortSignal | undefined;
  const watchEnd = (): AbortSignal => {
    const ended = ending.signal();
    ended.addEventListener('abort', () => {
      for (const socket of open) socket.destroy(asError(ended.reason));
    });
    return ended;
  };

  async function connected(to: ConnectTo): Promise<Socket> {
    ends ??= watchEnd();
    // An address is connected to without a lookup, so it is judged here.
    if (reach === 'public' && isIP(to.host)) await publicAddressOf(to.host, REMEDY);
    ends.throwIfAborted();
    if (open.size >= CONNECTIONS_MAX) throw new Error(`a call may have ${CONNECTIONS_MAX} connections at a time`);
    const socket = opened(to, reach);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // Whoever uses it listens too; one that nobody uses any more ends no process by breaking.
    socket.on('error', () => {});
    await ready(socket, to, connectMaxMs);
    return socket;
  }

  return {
    async connect(to) {
      mayStillSend();
      try {
        const socket = await connected(to);
        proof.mayHaveLeft();
        return socket;
      } catch (error) {
        if (typeof error === 'object' && error !== null) proof.neverLeft(error);
        throw error;
      }
    },
    end: ending.end,
  };
}

function opened({ host, port, tls = false, servername = host, ca }: ConnectTo, reach: Reach): Socket {
  const to = { host, port, ...(reach === 'public' && { lookup: lookUpPublic(REMEDY) }) };
  // A server name may not be an address: RFC 6066 §3.
  const names = { ...(isIP(servername) === 0 && { servername }), ...(ca !== undefined && { ca }) };
  return tls ? connectTls({ ...to, ...names }) : connectPlain(to);
}

function ready(socket: Socket, { host, port, tls }: ConnectTo, connectMaxMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => socket.destroy(new Error(`no connection to ${host}:${port} within ${connectMaxMs} ms`));
    const timer = setTimeout(late, connectMaxMs);
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    const closed = () => failed(new Error(`${host}:${port} closed the connection as it was made`));
    socket.once('error', failed);
    socket.once('close', closed);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      socket.off('close', closed);
      resolve();
    });
  });
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));
