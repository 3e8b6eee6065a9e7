// A ceiling: what Fastify and one HMAC cost, with nothing kept.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { fastify } from 'fastify';
import { tell } from '../processes/tally.ts';
import { SOURCE_SECRET } from '../workspace.ts';

const app = fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/hooks/:tenant/:source', async (request, reply) => {
  const [, time, given = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers['stripe-signature'])) ?? [];
  const mac = createHmac('sha256', SOURCE_SECRET)
    .update(`${time}.`)
    .update(request.body as Buffer);
  const good = timingSafeEqual(mac.digest(), Buffer.from(given, 'hex'));
  return reply.code(good ? 202 : 401).send({ status: good ? 'accepted' : 'refused' });
});
process.once('SIGTERM', () => void app.close());
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
tell({ told: 'ready' });
