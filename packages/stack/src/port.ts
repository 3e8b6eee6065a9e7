import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { StackError } from './stack-error.ts';

// Below the range that Linux and macOS hand to outgoing connections: a client that reconnects to a server that is away
// could else be given that very port as its own and keep the server from coming back.
const LOWEST = 20_000;
const BEYOND = 32_000;
const ATTEMPTS = 50;

/** A loopback TCP port that nobody listens on now; another process may still take it first, so starters try again. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, BEYOND);
    if (await isFree(port)) return port;
  }
  throw new StackError(`no free port among ${ATTEMPTS} tried between ${LOWEST} and ${BEYOND} on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
