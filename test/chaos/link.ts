import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '@holdpoint/stack/port';
import type { CutKind } from './core/fault-schedule.ts';

/** The only way from one instance to one server. */
export interface Link {
  /** What the instance is to connect to, in place of the server's own URL. */
  readonly url: string;
  /** Refused: every connection is reset and nobody listens; silent: what is sent arrives when it is healed. */
  cut(how: CutKind): Promise<void>;
  heal(): Promise<void>;
  stop(): Promise<void>;
}

export async function openLink(serverUrl: string): Promise<Link> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let silent = false;
  let stopped = false;

  function pass(from: Socket, to: Socket): void {
    sockets.add(from);
    if (silent) from.pause();
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (!silent) from.resume();
    });
    from.on('end', () => to.end());
    // Its close says why.
    from.on('error', () => {});
    from.on('close', (failed) => {
      sockets.delete(from);
      if (failed) to.destroy();
      else to.end();
    });
  }

  function join(near: Socket): void {
    const far = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    near.setNoDelay(true);
    pass(near, far);
    pass(far, near);
  }

  function listen(port: number): Promise<Server> {
    const opened = createServer(join).listen(port, '127.0.0.1');
    return once(opened, 'listening').then(() => opened);
  }

  async function close(): Promise<void> {
    const closed = server.listening ? once(server.close(), 'close') : undefined;
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  }

  let server = await listen(await freePort());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a link listens on a TCP port');
  const { port } = address;
  const url = new URL(serverUrl);
  url.port = String(port);
  return {
    url: url.href,
    async cut(how) {
      if (how === 'refused') return close();
      silent = true;
      for (const socket of sockets) socket.pause();
    },
    async heal() {
      silent = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening && !stopped) server = await listen(port);
    },
    async stop() {
      stopped = true;
      await close();
    },
  };
}
