import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { eventSubjects } from '@holdpoint/shared/messages/subjects';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAYED, type PlayedName, playProvider } from '../src/testing/play-provider.ts';
import { type Harness, ingestHarness } from './harness.ts';

let harness: Harness;
let url: string;

/** A source for each provider that can be played, found by its place. */
const sourceOf = (name: PlayedName): string => `s-${PLAYED.indexOf(name)}`;

beforeAll(async () => {
  harness = await ingestHarness();
  const sources = PLAYED.map((name) => {
    const { id, sample, secret } = playProvider(name);
    return {
      id: sourceOf(name),
      provider: id,
      secrets: [secret],
      ...(sample.options !== undefined && { options: sample.options }),
    };
  });
  await mkdir(join(harness.workspaceDir, 'tenants', 'every'), { recursive: true });
  await writeFile(
    join(harness.workspaceDir, 'tenants', 'every', 'sources.ts'),
    `export default ${JSON.stringify(sources)};`,
  );
  url = (await harness.start()).url;
});
afterAll(() => harness.stop());

/** A delivery as its provider sends it to this very address, now. */
function delivery(name: PlayedName, bodyText?: string) {
  const { sample } = playProvider(name);
  const timestamp = Math.floor(Date.now() / 1000);
  const body = Buffer.from(bodyText ?? sample.body?.(timestamp) ?? '{"id":"evt_1","type":"thing.happened"}');
  const { signing } = sample.keys('current');
  const endpoint = `${url}/hooks/every/${sourceOf(name)}`;
  const toSign = { signing, body, id: 'evt_1', type: 'thing.happened', timestamp, url: endpoint };
  const query = sample.query?.(toSign);
  return { endpoint: query ? `${endpoint}?${query}` : endpoint, headers: sample.headers(toSign), body };
}

/** Sends headers spelled and repeated as they are given. */
function send(
  endpoint: string,
  headers: readonly (readonly [string, string])[],
  body: Buffer,
  host = new URL(endpoint).host,
): Promise<number> {
  const raw = [['Host', host], ['Content-Length', String(body.length)], ...headers].flat();
  return new Promise((resolve, reject) => {
    const sent = request(endpoint, { method: 'POST', headers: raw, agent: false });
    sent.on('error', reject).on('response', (response) => {
      buffer(response).then(() => resolve(response.statusCode ?? 0), reject);
    });
    sent.end(body);
  });
}

async function storedOf(source: string): Promise<number> {
  const info = await harness.nats.jsm.streams.info('EVENTS', { subjects_filter: eventSubjects('every', source) });
  return Object.keys(info.state.subjects ?? {}).length;
}

describe.each(PLAYED)('%s through the real door', (name) => {
  it('is believed whatever the case of its headers’ names, and is one event', async () => {
    const { endpoint, headers, body } = delivery(name);
    const spellings: ((header: string) => string)[] = [
      (header) => header.toUpperCase(),
      (header) => header.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
      (header) => header,
    ];
    for (const spell of spellings) {
      const spelled = Object.entries(headers).map(([header, value]) => [spell(header), value] as const);
      expect(Math.floor((await send(endpoint, spelled, body)) / 100), spelled.join()).toBe(2);
    }
    expect(await storedOf(sourceOf(name))).toBe(1);
  });

  it('is refused with 401 when its signature comes twice, in whatever case', async () => {
    const { endpoint, headers, body } = delivery(name);
    const { signature } = playProvider(name).sample;
    const twice = [...Object.entries(headers), [signature.toUpperCase(), headers[signature] ?? ''] as const];
    expect(await send(endpoint, twice, body)).toBe(401);
  });
});

it('verifies a form as it came, not as a parser would write it again', async () => {
  const form = 'text=a%2fb&token=x+y%20z&z=%7e&z=1&empty=&=&command=%2Fdeploy';
  expect(new URLSearchParams(form).toString()).not.toBe(form);
  const { endpoint, headers, body } = delivery('slack', form);
  const type = ['content-type', 'application/x-www-form-urlencoded'] as const;
  expect(await send(endpoint, [...Object.entries(headers), type], body)).toBe(200);
  const rewritten = Buffer.from(new URLSearchParams(form).toString());
  expect(await send(endpoint, [...Object.entries(headers), type], rewritten)).toBe(401);
});

it('takes no URL from a Host header that holds more than a host: a part of the body could pass for it', async () => {
  const { pathname, host } = new URL(delivery('square').endpoint);
  const { endpoint, headers } = delivery('square', `{"note":"${pathname}{}"}`);
  const before = await storedOf(sourceOf('square'));
  // The same text as was signed, cut elsewhere.
  const moved = await send(endpoint, Object.entries(headers), Buffer.from('{}"}'), `${host}${pathname}{"note":"`);
  expect([moved, await storedOf(sourceOf('square'))]).toEqual([401, before]);
});
