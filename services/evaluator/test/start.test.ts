import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, line } from './kit.ts';

let kit: Kit;
beforeAll(async () => {
  kit = await createKit();
});
afterAll(() => kit.stop());

test('starts where NATS goes away between the connection and the first question, and decides once it is back', async () => {
  const link = await linkTo(kit.servers.natsUrl);
  try {
    await kit.start({ natsUrl: link.url });
    expect(link.cuts()).toBe(1);
    await kit.publish({ plan_id: 'after-the-cut', actions: [line('orders.hold', { value: 180 })] });
    const decided = await kit.until(async () => (await kit.messages('DECISIONS'))[0]);
    expect(decided.body).toMatchObject({ plan_id: 'after-the-cut' });
  } finally {
    link.close();
  }
});

/** Passes everything on, but breaks the first connection that asks JetStream something. */
async function linkTo(natsUrl: string) {
  const target = new URL(natsUrl);
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const end = () => {
      near.destroy();
      far.destroy();
    };
    near.on('error', end).on('close', end);
    far.on('error', end).on('close', end);
    far.on('data', (bytes) => near.write(bytes));
    near.on('data', (bytes) => {
      if (cuts === 0 && bytes.includes('$JS.API')) {
        cuts += 1;
        end();
      } else far.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(natsUrl);
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, cuts: () => cuts, close: () => server.close() };
}
