import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PROVIDERS } from '@holdpoint/ingest/providers/index';
import { type Source, sourceRegistry } from '@holdpoint/ingest/source-registry';
import { playProvider } from '@holdpoint/ingest/testing/play-provider';
import { SAMPLES } from '@holdpoint/ingest/testing/sign-delivery';
import { loadSources } from '@holdpoint/shared/workspace/sources';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const [adding, describing] = await Promise.all(
  ['add-a-source', 'describe-a-scheme'].map((page) => readFile(join(root, 'docs/tasks', `${page}.md`), 'utf8')),
);

describe('the table of providers', () => {
  const rows = new Map(
    [...(adding ?? '').matchAll(/^\| `([a-z-]+)` +\|(.*)\|$/gm)].map(([, id = '', cells = '']) => [
      id,
      cells.split('|').map((cell) => cell.trim()),
    ]),
  );

  test('has a row for each', () => {
    expect([...rows.keys()]).toEqual(Object.keys(PROVIDERS).sort());
  });

  test.each(Object.keys(SAMPLES) as (keyof typeof SAMPLES)[])('says of %s what its scheme does', (id) => {
    const [, signed = '', tolerance, key = ''] = rows.get(id) ?? [];
    const { delivery, provider, sample } = playProvider(id);
    if (id !== 'generic') {
      expect(signed).toContain(`\`${sample.signed}\``);
      expect(signed.includes('URL')).toBe(provider.signsUrl ?? false);
    }
    expect(tolerance).toBe(sample.toleranceSeconds === undefined ? '' : `${sample.toleranceSeconds} s`);
    const body = '{"id":"evt_1","event_id":"Ev1","type":"event_callback","event":{"id":"1","type":"thing.happened"}}';
    const [item] = provider.items?.(delivery({ body: '[{"sg_event_id":"1"}]' })) ?? [];
    const described =
      item && 'description' in item ? item.description : provider.describe(delivery({ body }), sample.signed);
    expect(key).toContain(described.keyFrom === 'id' ? 'id' : 'body');
  });
});

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A page's examples as a workspace. Node refuses to run TypeScript inside `node_modules`. */
async function written(page: string): Promise<string> {
  const folder = await mkdtemp(join(root, 'workspace', '.docs-test-'));
  folders.push(folder);
  for (const [, path = '', code = ''] of page.matchAll(/^```ts\n\/\/ ([\w./-]+\.ts)\n([\s\S]*?)^```$/gm)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), code);
  }
  return folder;
}

test('the page on adding a source has examples that ingest takes', async () => {
  const anySecret = new Proxy({}, { get: () => 'whsec_ZGV2ZWxvcG1lbnQgb25seSwgbm90IGEgc2VjcmV0ISE=' });
  const registry = sourceRegistry(await loadSources(await written(adding ?? ''), anySecret));
  expect(registry.ofTenant('acme').map(({ id }) => id)).toEqual(['stripe', 'github', 'events']);
  expect(registry.find('bazaar', 'paddle')).toMatchObject({ toleranceSeconds: 30, dedupe: 'id+body' });
});

describe('the senders of the page on schemes without a name', () => {
  const bank = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { format: 'pem', type: 'spki' },
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  });
  const secrets = {
    TILL_SECRET: 'a till’s secret',
    DEPOT_SECRET: Buffer.from('a depot has bytes for a key').toString('base64'),
    BANK_PUBLIC_KEY: bank.publicKey,
  };
  let folder: string;
  let sources: readonly Source[];

  beforeAll(async () => {
    folder = await written(describing ?? '');
    sources = sourceRegistry(await loadSources(folder, secrets)).ofTenant('acme');
  });

  test.each([
    [
      'till',
      secrets.TILL_SECRET,
      '{"receipt":{"number":81}}',
      { deliveryId: '81', type: 'receipt.printed', idSigned: true, typeSigned: false },
    ],
    [
      'depot',
      secrets.DEPOT_SECRET,
      '{"kind":"pallet.in","pallet":{"id":"p-7"}}',
      { type: 'pallet.in', subject: 'p-7', idSigned: true, typeSigned: true },
    ],
    [
      'bank',
      bank.privateKey,
      '{"id":"b-1","type":"booked","booked_at":"2026-11-21T10:00:00Z"}',
      { deliveryId: 'b-1', type: 'booked', time: '2026-11-21T10:00:00.000Z' },
    ],
  ])(
    '%s: its source believes it, and not once a byte is changed or it is late',
    async (id, signing, body, described) => {
      const source = sources.find((one) => one.id === id);
      const { sign } = await import(pathToFileURL(join(folder, 'senders', `${id}.ts`)).href);
      const now = 1_790_000_000_000;
      const headers: Record<string, string> = sign(body, signing, new Date(now));
      const delivery = {
        rawBody: Buffer.from(body),
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
        method: 'POST',
        url: source?.publicUrl ?? 'http://127.0.0.1/hooks/acme/x',
        query: '',
        secrets: source?.secrets ?? [],
        now,
        toleranceSeconds: undefined,
      };
      const signed = { till: 'body', depot: 'id-time-body', bank: 'time-body' }[id];
      expect(source?.scheme.verify(delivery)).toEqual({ ok: true, signed });
      expect(source?.scheme.verify({ ...delivery, rawBody: Buffer.from(`${body} `) })).toMatchObject({ ok: false });
      const late = source?.scheme.verify({ ...delivery, now: now + 301_000 });
      expect(late?.ok).toBe(id === 'till');
      expect(source?.scheme.describe(delivery)).toMatchObject(described);
    },
  );
});
