import { createHash, createHmac } from 'node:crypto';
import { registerApp } from '@holdpoint/shared/db/apps';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import { SERVICES, type ServiceName } from '@holdpoint/shared/runtime/config';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOSTILE_TEXTS, hostileCursors, SUBJECTS } from './hostile-texts.ts';
import { line, type System, startSystem } from './system.ts';

/** Stands in everything that tenant acme has here: whoever sees it has seen what is acme's. */
const MARK = 'acme-only-7f3a';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

interface Door {
  readonly service: ServiceName;
  readonly method: Method;
  readonly path: string;
  readonly open: boolean;
  /** Of the query string. */
  readonly asks: readonly string[];
}

/** Doors without a key, each because of what it is. Whoever adds one says so here. */
const OPEN = new Set([
  'ingest post /hooks/{tenant}/{source}', // a signature is its key
  'ingest get /hooks/{tenant}/{source}', // answers a provider's challenge
  'ingest post /agents/{agent}/subscriptions/{id}', // the same by another name
  'ingest get /agents/{agent}/subscriptions/{id}',
  'approvals post /slack/{tenant}/interactions', // Slack's signature is its key
]);
const HEALTH = new Set(['/healthz', '/readyz', '/metrics']);

/** What only a person may do: no key, whatever its scopes, does it in their place. */
const OF_PEOPLE = new Set([
  'approvals post /v1/approvals/{id}/approve',
  'approvals post /v1/approvals/{id}/deny',
  'approvals post /v1/approvals/{id}/withdraw',
  'approvals post /v1/approvals/{id}/comments',
  'approvals post /v1/approvals/batch',
  'approvals post /v1/standing-grants',
  'approvals post /v1/standing-grants/preview',
  'approvals delete /v1/standing-grants/{id}',
]);

let system: System;
let doors: Door[];
let ids: Readonly<Record<string, string>>;
const zeta = { admin: 'hp_zeta_admin', reader: 'hp_zeta_reader' };

beforeAll(async () => {
  system = await startSystem({ files: CRM });
  const app = { tenant: 'zeta', audiences: [], operators: null };
  await registerApp(system.db, {
    ...app,
    id: 'z',
    key_hash: hashApiKey(zeta.admin),
    scopes: ['plan', 'read', 'admin'],
  });
  await registerApp(system.db, { ...app, id: 'r', key_hash: hashApiKey(zeta.reader), scopes: ['read'] });
  doors = (await Promise.all(SERVICES.map(doorsOf))).flat();
  ids = await lifeOfAcme();
});
afterAll(() => system.stop());

interface Described {
  readonly security?: unknown[];
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

/** Keeps what it is told of contacts, whatever that is. */
const CRM = {
  'connectors/crm/tools.ts': `export default { name: 'crm', tools: {}, entities: { contacts: {
    schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } } } } };`,
  'connectors/crm/run.ts': 'export default { run: {} };',
};

async function doorsOf(service: ServiceName): Promise<Door[]> {
  const { paths } = (await (await system.call(service, '/openapi.json')).json()) as {
    paths: Record<string, Partial<Record<Method, Described>>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const found = methods[method];
      if (!found) return [];
      const asks = (found.parameters ?? []).flatMap((one) => (one.in === 'query' ? [one.name] : []));
      return [{ service, method, path, open: found.security?.length === 0, asks }];
    }),
  );
}

/** One of everything that has an id. */
async function lifeOfAcme(): Promise<Record<string, string>> {
  const answer = await system.propose({
    plan_id: MARK,
    actions: [
      line('pay', { args: { amount: 40, n: MARK, card: '4111' }, entity_key: `order:${MARK}`, idempotency_key: MARK }),
    ],
  });
  const [decision] = answer.decisions;
  const ann = await system.people.token('ann', ['reviewer']);
  const terms = { approval_id: decision?.approval_id, until: new Date(Date.now() + 3_600_000).toISOString(), uses: 1 };
  const grant = await system.call('approvals', '/v1/standing-grants', { key: ann, body: { ...terms, reason: MARK } });
  expect(grant.status).toBe(201);
  const approval = (await (
    await system.call('approvals', `/v1/approvals/${decision?.approval_id}`)
  ).json()) as Approval;
  expect(JSON.stringify(approval)).toContain(MARK);
  return {
    action: decision?.action_id ?? '',
    approval: decision?.approval_id ?? '',
    grant: ((await grant.json()) as { id: string }).id,
    plan: answer.id,
  };
}

/** A path with acme's own ids in it. */
function filledIn({ path }: Door): string {
  const [, , kind = ''] = path.split('/');
  const own = { actions: ids.action, approvals: ids.approval, 'standing-grants': ids.grant, plans: ids.plan }[kind];
  return path.replace(/\{\w+\}/g, own ?? MARK);
}

const nameOf = ({ service, method, path }: Door): string => `${service} ${method} ${path}`;
const guarded = (): Door[] => doors.filter((door) => !door.open && !OPEN.has(nameOf(door)) && !HEALTH.has(door.path));

async function knock(
  door: Door,
  key: string | undefined,
  path = filledIn(door),
): Promise<{ status: number; text: string }> {
  const body = door.method === 'get' || door.method === 'delete' ? undefined : '{}';
  const [instance] = system.services[door.service];
  const response = await fetch(`${instance?.url}${path}`, {
    method: door.method.toUpperCase(),
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(5_000),
  });
  // A stream never ends: that it was opened is what it says.
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel();
    return { status: response.status, text: '' };
  }
  return { status: response.status, text: await response.text() };
}

describe('every door', () => {
  test('is known, and what is open says so', () => {
    expect(doors.length).toBeGreaterThan(40);
    const open = doors.filter((door) => door.open && !HEALTH.has(door.path)).map(nameOf);
    expect(open.filter((name) => !OPEN.has(name))).toEqual([]);
    const all = new Set(doors.map(nameOf));
    expect([...OPEN, ...OF_PEOPLE].filter((name) => !all.has(name))).toEqual([]);
  });

  test('asks for a key, and takes none that is not one', async () => {
    const strange = await generateKeyPair('ES256');
    const claims = { tenant: 'acme', name: 'ann', groups: ['reviewer'], idtyp: 'user', scope: 'admin' };
    const stated = { iss: system.people.jwt.issuer, aud: 'holdpoint', sub: 'ann' };
    const forged = await new SignJWT({ ...claims, ...stated })
      .setProtectedHeader({ alg: 'ES256', kid: 'k', jwk: await exportJWK(strange.publicKey) })
      .setExpirationTime('1h')
      .sign(strange.privateKey);
    const unsigned = new UnsecuredJWT({ ...claims, ...stated }).setExpirationTime('1h').encode();
    const expired = await system.people.token('ann', ['reviewer'], { exp: 1_000 });
    const elsewhere = await system.people.token('ann', ['reviewer'], { iss: 'https://elsewhere.test' });
    const keys = [undefined, 'hp_wrong', 'hp_', forged, unsigned, expired, elsewhere, "' OR 1=1 --"];
    for (const door of guarded()) {
      for (const key of keys) {
        const { status, text } = await knock(door, key);
        expect([nameOf(door), key, status]).toEqual([nameOf(door), key, 401]);
        expect(JSON.parse(text)).toMatchObject({ code: 'UNAUTHENTICATED' });
      }
    }
  });

  test("shows nothing of a tenant to another tenant's keys, and does nothing for them", async () => {
    const before = await stateOfAcme();
    const person = await system.people.token('zoe', ['reviewer'], { tenant: 'zeta' });
    for (const door of guarded()) {
      for (const key of [zeta.admin, zeta.reader, person]) {
        const asked = [filledIn(door), `${filledIn(door)}?tenant=acme&entity_key=order:${MARK}`];
        for (const path of asked) {
          const { status, text } = await knock(door, key, path);
          expect([nameOf(door), status < 500]).toEqual([nameOf(door), true]);
          expect([nameOf(door), text.replaceAll(path, '').includes(`order:${MARK}`)]).toEqual([nameOf(door), false]);
          if (status < 300) expect([nameOf(door), text.includes(ids.action ?? '')]).toEqual([nameOf(door), false]);
        }
      }
    }
    expect(await stateOfAcme()).toEqual(before);
    // The same questions with acme's own key find it, or nothing would have been proved.
    const own = await Promise.all(
      guarded()
        .filter(({ method }) => method === 'get')
        .map(async (door) => (await knock(door, system.keys.admin)).text.includes(`order:${MARK}`)),
    );
    expect(own.filter(Boolean).length).toBeGreaterThan(5);
  });

  test('that is for people is shut to keys, whatever they may do else', async () => {
    for (const door of doors.filter((one) => OF_PEOPLE.has(nameOf(one)))) {
      for (const key of [system.keys.admin, system.keys.platform]) {
        const { status, text } = await knock(door, key);
        expect([nameOf(door), status]).toEqual([nameOf(door), 403]);
        expect(JSON.parse(text)).toMatchObject({ code: 'NOT_A_PERSON' });
      }
    }
  });

  test('is shut to who may only read, where it changes something', async () => {
    // Whoever asked may take it back, and who that is says the approval itself.
    const byWhom = 'approvals post /v1/approvals/{id}/cancel';
    for (const door of guarded().filter((one) => one.method !== 'get' && nameOf(one) !== byWhom)) {
      const { status } = await knock(door, zeta.reader);
      expect([nameOf(door), status]).toEqual([nameOf(door), 403]);
    }
  });
});

describe('what is written in a path, a query or a body', () => {
  test('is taken for what it is: nobody else’s rows, no failure, no subject of another', async () => {
    const asked: [string, number, string][] = [];
    const ask = async (door: Door, path: string, key: string) => {
      const { status, text } = await knock(door, key, path);
      asked.push([`${nameOf(door)} ${path.slice(0, 200)}`, status, text]);
      return { status, text };
    };
    for (const door of guarded()) {
      const knocks = HOSTILE_TEXTS.flatMap((hostile) => {
        const value = encodeURIComponent(hostile);
        const inPath = door.path.includes('{') ? [door.path.replace(/\{\w+\}/g, value)] : [];
        return [...inPath, ...door.asks.map((name) => `${filledIn(door)}?${name}=${value}`)];
      });
      await Promise.all(knocks.map((path) => ask(door, path, zeta.admin)));
    }
    expect(asked.length).toBeGreaterThan(1_000);
    expect(asked.filter(([, status]) => status >= 500)).toEqual([]);
    expect(asked.filter(([path, , text]) => text.replaceAll(path, '').includes(`order:${MARK}`))).toEqual([]);
  });

  test('is asked for by its own words, and finds only itself', async () => {
    const key = system.keys.admin;
    const printable = HOSTILE_TEXTS.filter((text) => text.length <= 200 && /^[\x21-\x7e]+$/.test(text));
    expect(printable.length).toBeGreaterThan(5);
    const actions = printable.map((text) =>
      line('set', { entity_key: text, idempotency_key: text, args: { n: text } }),
    );
    const { decisions } = await system.propose({ plan_id: printable[0], actions });
    expect(decisions.map(({ decision }) => decision)).toEqual(printable.map(() => 'ALLOW'));
    for (const text of printable) {
      const found = await system.call('executor', `/v1/actions?entity_key=${encodeURIComponent(text)}`, { key });
      const { items } = (await found.json()) as { items: { entity_key: string; args: { n: string } }[] };
      expect(items.map(({ entity_key, args }) => [entity_key, args.n])).toEqual([[text, text]]);
    }
  });

  test('is refused where a name stands in a subject or a column', async () => {
    const propose = async (hostile: string, plan: object, number: number) => {
      const body = { plan_id: `${HOSTILE_TEXTS.indexOf(hostile)}-${number}`, operator: 'risk', ...plan };
      const response = await system.call('evaluator', '/v1/plans', { body, key: system.keys.operator });
      const said = await response.text();
      expect([said, response.status === 200 || response.status === 400]).toEqual([said, true]);
      // Some of them are good names of operators, too.
      if (!/^[a-z]+$/.test(hostile) && response.status === 200) expect(said).not.toContain('"ALLOW"');
    };
    for (const hostile of HOSTILE_TEXTS) {
      const plans = [
        { operator: hostile, actions: [line('set')] },
        { actions: [line('set', { connector: hostile })] },
        { event_id: hostile, actions: [line('set')] },
        { agent: { id: hostile, session_id: hostile }, actions: [line(hostile)] },
      ];
      await Promise.all(plans.map((plan, number) => propose(hostile, plan, number)));
    }
  });

  test('is one token of an event’s subject, whatever a provider calls its type', async () => {
    const key = system.keys.admin;
    const deliver = async (hostile: string) => {
      const body = JSON.stringify({ of: hostile });
      const signature = createHmac('sha256', 'its-a-secret').update(body).digest('hex');
      const delivery = createHash('sha256').update(hostile).digest('hex');
      const headers = { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-event': hostile.trim() };
      const response = await fetch(`${system.services.ingest[0]?.url}/hooks/acme/github`, {
        method: 'POST',
        headers: { ...headers, 'x-github-delivery': delivery, 'content-type': 'application/json' },
        body,
      });
      expect([hostile, response.status]).toEqual([hostile, 202]);
      const query = `/v1/events?type=${encodeURIComponent(hostile.trim())}`;
      const answer = await system.call('ingest', query, { key });
      const { items = [] } = (await answer.json()) as { items?: { type: string }[] };
      expect([query, answer.status, items.map(({ type }) => type)]).toEqual([query, 200, [hostile.trim()]]);
    };
    await Promise.all(HOSTILE_TEXTS.filter((text) => /^[\x20-\x7e]{1,200}$/.test(text.trim())).map(deliver));
    for (const { stream, pattern } of SUBJECTS) {
      const { state } = await system.nats.jsm.streams.info(stream, { subjects_filter: '>' });
      expect(Object.keys(state.subjects ?? {}).filter((subject) => !pattern.test(subject))).toEqual([]);
    }
  });

  test('is a value in a question about entities, or no question', async () => {
    await keepContacts();
    const find = async (query: Record<string, string>) => {
      const path = `/v1/entities/crm/contacts?${new URLSearchParams(query)}`;
      const response = await system.call('executor', path, { key: system.keys.admin });
      expect([path, response.status < 500]).toEqual([path, true]);
      const { items = [] } = (await response.json()) as { items?: { name: string }[] };
      return { status: response.status, names: items.map(({ name }) => name) };
    };
    const ask = async (hostile: string) => {
      for (const test of [
        hostile,
        { contains: hostile },
        { startsWith: hostile },
        { in: [hostile] },
        { gt: hostile, lt: hostile },
      ]) {
        const { names } = await find({ where: JSON.stringify({ name: test }) });
        expect(names.filter((name) => !name.includes(hostile))).toEqual([]);
      }
      expect((await find({ where: JSON.stringify({ [hostile]: 'x' }) })).names).toEqual([]);
      expect((await find({ orderBy: `${hostile}:desc` })).status).toBe(400);
      expect((await find({ where: hostile })).status).toBe(400);
    };
    await Promise.all(HOSTILE_TEXTS.map(ask));
    for (const cursor of hostileCursors()) expect((await find({ cursor })).status).toBe(400);
  });
});

/** One by each name that could be taken for something else. */
async function keepContacts(): Promise<void> {
  const texts = HOSTILE_TEXTS.filter((text) => !text.includes('\u0000') && text.length < 500);
  await system.db
    .insertInto('entities')
    .values(
      texts.flatMap((name, index) =>
        ['acme', 'zeta'].map((tenant) => ({
          ...{ tenant, connector: 'crm', entity: 'contacts', id: `c${index}`, version: null },
          data: JSON.stringify({ name: tenant === 'acme' ? name : `theirs ${name}` }),
          expires_at: new Date(Date.now() + 3_600_000),
        })),
      ),
    )
    .execute();
}

test('pages for people show nothing to whoever is not signed in', async () => {
  const [approvals, executor] = [system.services.approvals[0]?.url, system.services.executor[0]?.url];
  for (const url of [
    `${approvals}/console/api/executor/v1/actions`,
    `${approvals}/console/api/evaluator/v1/policies`,
    `${executor}/queues/`,
    `${executor}/queues/api/queues`,
  ]) {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: 'holdpoint_session=made-up' } });
    expect([url, response.status >= 300 && response.status < 500]).toEqual([url, true]);
    expect([url, (await response.text()).includes(MARK)]).toEqual([url, false]);
  }
});

async function stateOfAcme(): Promise<unknown> {
  const [actions, approvals, grants, freezes] = await Promise.all([
    system.db.selectFrom('actions').select(['id', 'state']).where('tenant', '=', 'acme').orderBy('id').execute(),
    system.db.selectFrom('approvals').select(['id', 'status']).where('tenant', '=', 'acme').orderBy('id').execute(),
    system.db.selectFrom('standing_grants').select(['id', 'open']).where('tenant', '=', 'acme').orderBy('id').execute(),
    system.db.selectFrom('freezes').select(['id']).where('tenant', '=', 'acme').orderBy('id').execute(),
  ]);
  return { actions, approvals, grants, freezes };
}
