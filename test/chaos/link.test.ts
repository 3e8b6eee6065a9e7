import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Link, openLink } from './link.ts';

let server: Server;
let link: Link;
const clients: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  link = await openLink(`redis://:secret@127.0.0.1:${(server.address() as AddressInfo).port}/0`);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await link.stop();
  await once(server.close(), 'close');
});

async function open(): Promise<Socket> {
  const client = connect(Number(new URL(link.url).port), '127.0.0.1');
  clients.push(client);
  await once(client, 'connect');
  return client;
}

async function echo(client: Socket, text: string): Promise<string> {
  client.write(text);
  const [chunk] = await once(client, 'data');
  return String(chunk);
}

test('passes on both ways, and keeps the rest of the URL', async () => {
  expect(link.url).toMatch(/^redis:\/\/:secret@127\.0\.0\.1:\d+\/0$/);
  expect(await echo(await open(), 'there and back')).toBe('there and back');
});

test('refused: resets what is open, takes nothing new, and is there again at the same place', async () => {
  const client = await open();
  await echo(client, 'before');
  const lost = once(client, 'error');
  await link.cut('refused');
  expect((await lost)[0]).toMatchObject({ code: 'ECONNRESET' });
  await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await link.heal();
  expect(await echo(await open(), 'after')).toBe('after');
});

test('silent: nothing arrives until it is healed, and then all of it, of old connections and new', async () => {
  const old = await open();
  await echo(old, 'before');
  await link.cut('silent');
  let healed = false;
  const late = await open();
  const answers = [old, late].map((client) => echo(client, 'meanwhile').then((text) => [text, healed]));
  // Round trips elsewhere take longer than these would, if they were let through.
  for (let turn = 0; turn < 20; turn += 1) await once(connect((server.address() as AddressInfo).port).end(), 'close');
  healed = true;
  await link.heal();
  expect(await Promise.all(answers)).toEqual([
    ['meanwhile', true],
    ['meanwhile', true],
  ]);
});
