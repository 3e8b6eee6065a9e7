import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { Reach } from './connector-network.ts';
import { createSentProof } from './sent-proof.ts';
import { LOCALHOST_CERTIFICATE } from './testing/localhost-certificate.ts';
import { trackSocket } from './tracked-socket.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(server: Server) {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  closing.push(close);
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, sockets, close };
}

const greeting = () => listen(createServer((socket) => void socket.write('hello\n')));

function tracked(over: { reach?: Reach; signal?: AbortSignal; mayStillSend?: () => void; connectMaxMs?: number } = {}) {
  const proof = createSentProof();
  const signal = new AbortController().signal;
  const sockets = trackSocket({ reach: 'anywhere', signal, mayStillSend() {}, proof, ...over });
  return { ...sockets, ...proof };
}

/** Also where it broke, which is heard before. */
const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

const failure = (run: Promise<unknown>) =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a connection carries bytes both ways, and from then on something may have been sent', async () => {
  const { host, port } = await listen(createServer((socket) => void socket.pipe(socket)));
  const { connect, provesNotSent, neverLeft } = tracked();
  const socket = await connect({ host, port });
  socket.write('ping');
  expect(String(await once(socket, 'data'))).toBe('ping');
  const later = new Error('a second connection is refused');
  neverLeft(later);
  expect(provesNotSent(later)).toBe(false);
});

test('an address that is not public is refused before anything is sent, in every way it can be written', async () => {
  const server = await greeting();
  for (const host of [
    '127.0.0.1',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f.1',
    '::1',
    '::ffff:127.0.0.1',
    '0.0.0.0',
  ]) {
    const { connect, refusal, provesNotSent } = tracked({ reach: 'public' });
    const error = await failure(connect({ host, port: server.port }));
    expect(refusal(error)?.message, host).toContain('network: { private: true }');
    expect(provesNotSent(error)).toBe(true);
  }
  expect(server.sockets).toHaveLength(0);
});

test('a connection that nobody took proves that nothing was sent', async () => {
  const { host, port, close } = await greeting();
  await close();
  const { connect, provesNotSent, refusal } = tracked();
  const error = await failure(connect({ host, port }));
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  expect(provesNotSent(error)).toBe(true);
  expect(refusal(error)).toBeUndefined();
});

test('encrypted from the start, the other side proves its name before anything is sent', async () => {
  const { port } = await listen(createTlsServer(LOCALHOST_CERTIFICATE, (socket) => void socket.write('hello')));
  const { connect, provesNotSent } = tracked();
  const untrusted = await failure(connect({ host: '127.0.0.1', port, tls: true }));
  expect(untrusted).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(provesNotSent(untrusted)).toBe(true);
  const to = { host: '127.0.0.1', port, tls: true, ca: LOCALHOST_CERTIFICATE.cert };
  const misnamed = await failure(connect({ ...to, servername: 'mail.example' }));
  expect(misnamed).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  const socket = await connect({ ...to, servername: 'localhost' });
  expect(String(await once(socket, 'data'))).toBe('hello');
});

test('a server that takes the connection and says nothing of encryption is given up in time', async () => {
  const { host, port } = await listen(createServer(() => {}));
  const { connect, provesNotSent } = tracked({ connectMaxMs: 30 });
  const error = await failure(connect({ host, port, tls: true }));
  expect(error).toMatchObject({ message: `no connection to ${host}:${port} within 30 ms` });
  expect(provesNotSent(error)).toBe(true);
});

test('the end of a call cuts its connections, and lets it make no more', async () => {
  const { host, port, sockets } = await greeting();
  const { connect, end } = tracked();
  const gone = closed(await connect({ host, port }));
  end();
  await gone;
  expect(await failure(connect({ host, port }))).toMatchObject({ message: 'the call is over' });
  expect(sockets).toHaveLength(1);
});

test('a call that ended before it connected to anything makes no connection either', async () => {
  const { host, port, sockets } = await greeting();
  const { connect, end } = tracked();
  end();
  expect(await failure(connect({ host, port }))).toMatchObject({ message: 'the call is over' });
  expect(sockets).toEqual([]);
});

test('its signal cuts connections that are made and those that are being made', async () => {
  const { host, port } = await listen(createServer(() => {}));
  const controller = new AbortController();
  const { connect } = tracked({ signal: controller.signal });
  const gone = closed(await connect({ host, port }));
  const making = failure(connect({ host, port, tls: true }));
  controller.abort(new Error('no answer in time'));
  expect(await making).toMatchObject({ message: 'no answer in time' });
  await gone;
});

test('without the right to send no connection is made', async () => {
  const { host, port, sockets } = await greeting();
  const mayStillSend = () => {
    throw new Error('the lease is lost');
  };
  const { connect, provesNotSent } = tracked({ mayStillSend });
  const error = await failure(connect({ host, port }));
  expect(error).toMatchObject({ message: 'the lease is lost' });
  expect(provesNotSent(error), 'as for a request: an earlier attempt is judged by others').toBe(false);
  expect(sockets).toHaveLength(0);
});

test('a call has sixteen connections at a time', async () => {
  const { host, port } = await greeting();
  const { connect, end } = tracked();
  const first = await connect({ host, port });
  for (let more = 1; more < 16; more += 1) await connect({ host, port });
  expect(await failure(connect({ host, port }))).toMatchObject({ message: expect.stringContaining('16 connections') });
  const gone = closed(first);
  first.destroy();
  await gone;
  await connect({ host, port });
  end();
});
