import { lookup as lookUp } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { beforeEach, expect, test, vi } from 'vitest';
import { lookUpPublic, PrivateAddress, publicAddressOf, publicConnector } from './public-network.ts';

vi.mock('node:dns', () => ({ lookup: vi.fn() }));

const REMEDY = 'do not';
type Answers = readonly string[];

/** A name server that says so, time after time; at last always the last. */
function nameServer(...answers: Answers[]): { asked(): number } {
  let asked = 0;
  vi.mocked(lookUp).mockImplementation(((_host: string, _options: object, callback: (...args: unknown[]) => void) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as never);
  return { asked: () => asked };
}

beforeEach(() => void vi.mocked(lookUp).mockReset());

const lookedUp = (all: boolean) =>
  new Promise<unknown>((resolve, reject) => {
    lookUpPublic(REMEDY)('name.test', { all }, (error, address) => (error ? reject(error) : resolve(address)));
  });

test('a name of which one address is not public is refused whole', async () => {
  for (const answer of [
    ['127.0.0.1'],
    ['8.8.8.8', '10.0.0.1'],
    ['2606:4700::1111', '::1'],
    ['8.8.8.8', '::ffff:127.0.0.1'],
    ['169.254.169.254', '8.8.8.8'],
  ]) {
    nameServer(answer);
    await expect(lookedUp(true)).rejects.toBeInstanceOf(PrivateAddress);
    await expect(lookedUp(false)).rejects.toBeInstanceOf(PrivateAddress);
    await expect(publicAddressOf('name.test', REMEDY)).rejects.toBeInstanceOf(PrivateAddress);
  }
  nameServer(['8.8.8.8', '2606:4700::1111']);
  expect(await lookedUp(false)).toBe('8.8.8.8');
  expect(await lookedUp(true)).toHaveLength(2);
});

test('a name that leads elsewhere the next time is judged again, and by the very answer that is connected to', async () => {
  const server = createServer((_request, response) => void response.end('inner')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = vi.fn();
  server.on('connection', connected);
  const agent = new Agent({ connect: publicConnector({ remedy: REMEDY, connectMaxMs: 1_000 }) });
  // Public when a URL is checked, private when it is used.
  const names = nameServer(['8.8.8.8'], ['127.0.0.1']);
  expect(await publicAddressOf('rebound.test', REMEDY)).toBe('8.8.8.8');
  await expect(request(`http://rebound.test:${port}/`, { dispatcher: agent })).rejects.toBeInstanceOf(PrivateAddress);
  expect(names.asked()).toBe(2);
  expect(connected).not.toHaveBeenCalled();
  await agent.destroy();
  server.close();
});
