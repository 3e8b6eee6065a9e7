import {
  afterActionConsumer,
  afterHookConsumer,
  CONSUMERS,
  type ConsumerDeclaration,
  operatorDurable,
} from '@holdpoint/shared/messages/consumers';
import { natsAccounts, OWNER, operatorLogin, tenantLogin } from '@holdpoint/shared/messages/nats-accounts';
import { OPERATOR_DOMAIN } from '@holdpoint/shared/messages/nats-rights';
import { STREAM_NAMES, STREAMS } from '@holdpoint/shared/messages/streams';
import { eventSubject, eventSubjects, outcomeSubject, planSubject } from '@holdpoint/shared/messages/subjects';
import { SERVICES, type ServiceName } from '@holdpoint/shared/runtime/config';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, ensureConsumer, ensureStreams, type Nats } from '@holdpoint/shared/runtime/nats';
import { prepareNats } from '@holdpoint/shared/runtime/prepare-nats';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import { PermissionViolationError } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { defineOperator } from '../src/operator.ts';
import { runOperator } from '../src/run-operator.ts';

const OPERATORS = [
  { tenant: 'acme', name: 'risk', subjects: [eventSubjects('acme', 'shop')] },
  { tenant: 'acme', name: 'desk', subjects: [eventSubjects('acme')] },
  { tenant: 'zeta', name: 'risk', subjects: [eventSubjects('zeta')] },
];
const RISK = operatorLogin('acme', 'risk');
const DESK = operatorLogin('acme', 'desk');
const ZETA = tenantLogin('zeta', ['risk']);
const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });

let servers: TestServers;
const logins = new Map<string, Nats>();

beforeAll(async () => {
  servers = await testServers({
    redis: false,
    natsAuthorization: (password) =>
      natsAccounts({
        services: SERVICES,
        operators: [RISK, DESK, ZETA],
        passwordOf: () => JSON.stringify(password),
      }),
  });
  await prepareNats(await login(OWNER), OPERATORS, logger);
});
afterAll(async () => {
  await Promise.all([...logins.values()].map((nats) => nats.close()));
  await servers.stop();
});

async function login(user: string): Promise<Nats> {
  const open = logins.get(user);
  if (open) return open;
  const nats = await connectNats({
    url: servers.natsUrl.replace(`//${OWNER}:`, `//${encodeURIComponent(user)}:`),
    name: user,
    logger,
    ...(user.startsWith('operator') && { jetstreamDomain: OPERATOR_DOMAIN }),
  });
  logins.set(user, nats);
  return nats;
}

const DURABLES = [
  ...Object.values<ConsumerDeclaration>(CONSUMERS).map(({ stream, config }) => [stream, config.durable_name] as const),
  ...OPERATORS.flatMap(({ tenant, name }) =>
    (['EVENTS', 'DECISIONS', 'APPROVALS', 'OUTCOMES'] as const).map(
      (stream) => [stream, operatorDurable(tenant, name)] as const,
    ),
  ),
];

/** All that could be sent to the server by name, what nobody may do first. */
const PUBLISHED = [
  '$SYS.REQ.SERVER.PING',
  '$SYS.REQ.ACCOUNT.HOLDPOINT.CONNZ',
  '_INBOX.evaluator.x.1',
  'anything.else',
  ...['INFO', 'STREAM.LIST', 'STREAM.NAMES', 'ACCOUNT.PURGE.HOLDPOINT', 'META.LEADER.STEPDOWN'].map(
    (one) => `$JS.API.${one}`,
  ),
  '$JS.API.STREAM.CREATE.MINE',
  ...STREAM_NAMES.flatMap((stream) => [
    ...['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'INFO', 'MSG.GET', 'MSG.DELETE', 'SNAPSHOT', 'RESTORE'].map(
      (what) => `$JS.API.STREAM.${what}.${stream}`,
    ),
    `$JS.API.DIRECT.GET.${stream}.x.y`,
    ...['CREATE', 'LIST', 'NAMES'].map((what) => `$JS.API.CONSUMER.${what}.${stream}`),
    `$JS.API.CONSUMER.CREATE.${stream}.mine`,
    `$JS.API.CONSUMER.CREATE.${stream}.mine.events.zeta.x`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.mine`,
  ]),
  ...DURABLES.flatMap(([stream, durable]) => [
    ...['INFO', 'MSG.NEXT', 'DELETE', 'PAUSE', 'UNPIN'].map((what) => `$JS.API.CONSUMER.${what}.${stream}.${durable}`),
    `$JS.${OPERATOR_DOMAIN}.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    `$JS.ACK.${stream}.${durable}.1.1.1.1.1`,
  ]),
  'events.acme.shop.t.k',
  'bodies.acme.d.0',
  'plans.acme.risk',
  'plans.acme.desk',
  'plans.zeta.risk',
  'decisions.acme.allow.risk',
  'approvals.acme.granted.risk',
  'outcomes.acme.applied.risk',
  'dead.EVENTS.acme',
];
const HEARD = [
  '>',
  '*.>',
  '$SYS.>',
  '$JS.>',
  '_INBOX.>',
  '_INBOX.ingest.>',
  'events.>',
  'events.acme.>',
  'plans.*.*',
  'plans.acme.risk',
].concat([
  'decisions.acme.*.*',
  'outcomes.*.*.*',
  'outcomes.zeta.>',
  'approvals.*.*.*',
  'approvals.acme.*.*',
  'dead.*.*',
]);

/** What the server lets a login do of all that. It says of each refusal what was refused. */
async function allowed(user: string): Promise<string[]> {
  const { nc } = await login(user);
  const refused = new Set<string>();
  const hear = (error: unknown) => {
    if (error instanceof PermissionViolationError) refused.add(`${error.operation} ${error.subject}`);
  };
  void (async () => {
    for await (const status of nc.status()) if (status.type === 'error') hear(status.error);
  })();
  const subscriptions = HEARD.map((subject) => nc.subscribe(subject, { callback: hear }));
  for (const subject of PUBLISHED) nc.publish(subject, 'x');
  await nc.flush();
  // All refusals came before the answer; now they have been heard as well.
  await new Promise(setImmediate);
  for (const subscription of subscriptions) subscription.unsubscribe();
  return [
    ...PUBLISHED.filter((subject) => !refused.has(`publish ${subject}`)),
    ...HEARD.filter((subject) => !refused.has(`subscription ${subject}`)).map((subject) => `hears ${subject}`),
  ].sort();
}

const every = (...subjects: string[]): string[] => subjects.sort();
const INFOS = STREAM_NAMES.map((stream) => `$JS.API.STREAM.INFO.${stream}`);
const reads = (stream: string, durable: string, api = '$JS.API'): string[] => [
  ...(api === '$JS.API' ? [`${api}.CONSUMER.INFO.${stream}.${durable}`] : []),
  `${api}.CONSUMER.MSG.NEXT.${stream}.${durable}`,
  `$JS.ACK.${stream}.${durable}.1.1.1.1.1`,
];
const readsAllOf = (stream: string): string[] =>
  DURABLES.filter(([of]) => of === stream).flatMap(([, durable]) => reads(stream, durable));
const OUTBOX = [
  'decisions.acme.allow.risk',
  'approvals.acme.granted.risk',
  'outcomes.acme.applied.risk',
  'dead.EVENTS.acme',
];
const OWN_STREAMS = ['EVENTS', 'DECISIONS', 'APPROVALS', 'OUTCOMES'];
const ofOperator = (tenant: string, name: string): string[] => [
  `plans.${tenant}.${name}`,
  ...OWN_STREAMS.flatMap((stream) => reads(stream, operatorDurable(tenant, name), `$JS.${OPERATOR_DOMAIN}.API`)),
];

describe('of all that a login could do, the server allows', () => {
  const RIGHTS: readonly [user: string, rights: string[]][] = [
    [
      'ingest',
      every(
        ...INFOS,
        'events.acme.shop.t.k',
        'bodies.acme.d.0',
        'dead.EVENTS.acme',
        '$JS.API.DIRECT.GET.EVENTS.x.y',
        '$JS.API.DIRECT.GET.BODIES.x.y',
        '$JS.API.CONSUMER.CREATE.EVENTS',
        '$JS.API.CONSUMER.CREATE.EVENTS.mine',
        '$JS.API.CONSUMER.CREATE.EVENTS.mine.events.zeta.x',
        ...readsAllOf('EVENTS'),
        ...DURABLES.filter(([of]) => of === 'EVENTS').map(([, one]) => `$JS.API.CONSUMER.DELETE.EVENTS.${one}`),
        'hears _INBOX.ingest.>',
      ),
    ],
    [
      'evaluator',
      every(
        ...INFOS,
        ...OUTBOX,
        '$JS.API.STREAM.MSG.GET.EVENTS',
        ...reads('PLANS', 'evaluator'),
        ...reads('APPROVALS', 'evaluator-grants'),
        '$JS.API.CONSUMER.CREATE.OUTCOMES.mine',
        '$JS.API.CONSUMER.CREATE.OUTCOMES.mine.events.zeta.x',
        ...readsAllOf('OUTCOMES'),
        'hears outcomes.*.*.*',
      ),
    ],
    ['executor', every(...INFOS, ...OUTBOX, ...reads('DECISIONS', 'executor'))],
    [
      'approvals',
      every(
        ...INFOS,
        ...OUTBOX,
        ...reads('APPROVALS', 'approvals-notices'),
        'hears approvals.*.*.*',
        'hears approvals.acme.*.*',
      ),
    ],
    [RISK.user, every(...ofOperator('acme', 'risk'))],
    [DESK.user, every(...ofOperator('acme', 'desk'))],
    [ZETA.user, every(...ofOperator('zeta', 'risk'))],
  ];
  test.each(RIGHTS)('%s what it needs, and nothing else', async (user, rights) => {
    expect(await allowed(user)).toEqual(rights);
  });

  test('nobody without a password', async () => {
    const url = servers.natsUrl.replace(/\/\/.*@/, '//risk:wrong@');
    const signal = AbortSignal.timeout(300);
    await expect(connectNats({ url, name: 'nobody', logger, signal })).rejects.toThrow();
  });
});

describe('a service finds', () => {
  test.each(SERVICES)('%s all that it asks for at its start', async (service: ServiceName) => {
    const { jsm, js } = await login(service);
    await ensureStreams(jsm, Object.values(STREAMS), logger);
    const own = Object.values<ConsumerDeclaration>(CONSUMERS).filter(({ owner }) => owner === service);
    for (const consumer of own) {
      await ensureConsumer(jsm, consumer);
      await js.consumers.get(consumer.stream, consumer.config.durable_name);
    }
  });

  test('the durables of hooks, which it makes itself', async () => {
    await ensureConsumer((await login('ingest')).jsm, { ...afterHookConsumer('acme', 'told'), begin: 'new' });
    await ensureConsumer((await login('evaluator')).jsm, { ...afterActionConsumer('acme', 'told'), begin: 'new' });
  });

  test('nothing that it may change', async () => {
    for (const service of SERVICES) {
      const { jsm } = await login(service);
      for (const change of [
        () => jsm.streams.delete('EVENTS'),
        () => jsm.streams.purge('PLANS'),
        () => jsm.streams.update('OUTCOMES', { max_age: 1e9 }),
        () => jsm.streams.deleteMessage('EVENTS', 1),
        () => jsm.streams.add({ name: 'MINE', subjects: ['plans.acme.>'] }),
        () => jsm.consumers.add('PLANS', { durable_name: 'mine', ack_policy: 'none' }),
      ]) {
        await expect(change()).rejects.toThrow(/permission/i);
      }
    }
  });
});

describe('an operator', () => {
  const event = eventSubject('acme', 'shop.order.k1' as never);
  const stored = async (stream: string) => {
    const { state } = await (await login(OWNER)).jsm.streams.info(stream, { subjects_filter: '>' });
    return Object.keys(state.subjects ?? {}).filter((subject) => !subject.startsWith('dead.'));
  };

  test('reads its events, proposes, and learns what became of it', async () => {
    const { jsm: owner } = await login(OWNER);
    await Promise.all(STREAM_NAMES.map((stream) => owner.streams.purge(stream)));
    await (await login('ingest')).js.publish(event, '{"id":1}');
    const operator = defineOperator({
      name: 'risk',
      events: [{ source: 'shop' }],
      plan: (one) => ({ actions: [{ connector: 'shop', tool: 'orders.hold', args: { id: one.id } }] }),
    });
    const running = runOperator({ operator, tenant: 'acme', nats: await login(RISK.user), logger });
    await vi.waitFor(async () => expect(await stored('PLANS')).toEqual([planSubject('acme', 'risk')]), 5_000);
    await running.stop();

    const told = await login('executor');
    await told.js.publish(outcomeSubject('acme', 'applied', 'desk'), '"other"');
    await told.js.publish(outcomeSubject('acme', 'applied', 'risk'), '"own"');
    const { js } = await login(RISK.user);
    const consumer = await js.consumers.get('OUTCOMES', operatorDurable('acme', 'risk'));
    const message = await consumer.next({ expires: 2_000 });
    expect(message?.json()).toBe('own');
    expect(await message?.ackAck()).toBe(true);
  });

  test("has no answer sent where another's plans are", async () => {
    const { nc } = await login(RISK.user);
    await (await login('ingest')).js.publish(eventSubject('acme', 'shop.order.k2' as never), '{"plan_id":"forged"}');
    const before = [await stored('PLANS'), await stored('EVENTS')];
    const next = `$JS.${OPERATOR_DOMAIN}.API.CONSUMER.MSG.NEXT.EVENTS.${operatorDurable('acme', 'risk')}`;
    for (const reply of ['plans.zeta.risk', 'plans.acme.desk', 'events.zeta.shop.order.forged', 'dead.EVENTS.zeta']) {
      nc.publish(next, '1', { reply });
      nc.publish(planSubject('acme', 'risk'), '{}', { reply });
    }
    // Asked for in the usual way the event comes, for the first time: it was sent nowhere else.
    const { js } = await login(RISK.user);
    const consumer = await js.consumers.get('EVENTS', operatorDurable('acme', 'risk'));
    const message = await consumer.next({ expires: 2_000 });
    expect(message?.subject).toBe(eventSubject('acme', 'shop.order.k2' as never));
    expect(message?.info.deliveryCount).toBe(1);
    message?.ack();
    expect([await stored('PLANS'), await stored('EVENTS')]).toEqual(before);
    expect((await stored('DEAD')).length).toBe(0);
  });

  test("has no durable of another's, by whatever name", async () => {
    const { js, jsm, nc } = await login(RISK.user);
    await expect(js.consumers.get('EVENTS', operatorDurable('zeta', 'risk'))).rejects.toThrow(/permission/i);
    await expect(jsm.consumers.add('EVENTS', { durable_name: operatorDurable('acme', 'risk') })).rejects.toThrow(
      /permission/i,
    );
    await expect(jsm.streams.getMessage('EVENTS', { seq: 1 })).rejects.toThrow(/permission/i);
    await expect(nc.request(planSubject('zeta', 'risk'), '{}', { timeout: 500 })).rejects.toThrow(/permission/i);
  });
});
