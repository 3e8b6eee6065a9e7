import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A peer that says what it is told to, byte for byte, and remembers what it heard. */
export interface RawConnection {
  readonly socket: Socket;
  say(text: string): void;
  /** All that was heard until the other side closed. */
  closed(): Promise<string>;
  /** Resolves once a whole answer's head has come: its status. */
  status(): Promise<number>;
}

export async function rawConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let heard = '';
  let gone = false;
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.once('close', () => {
    gone = true;
  });
  const ended = new Promise<void>((resolve) => {
    socket.once('end', () => resolve()).once('close', () => resolve());
  });
  await once(socket, 'connect');
  return {
    socket,
    say: (text) => void (gone || socket.write(text)),
    async closed() {
      await ended;
      socket.destroy();
      return heard;
    },
    async status() {
      while (!heard.includes('\r\n\r\n') && !gone) await Promise.race([once(socket, 'data'), ended]);
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 0);
    },
  };
}

/** The head of a delivery that is to be continued. */
export function deliveryHead(path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ host: 'test', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
