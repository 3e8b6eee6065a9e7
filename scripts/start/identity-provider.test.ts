import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenVerifier } from '@holdpoint/shared/runtime/jwt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIdentityProvider } from './identity-provider.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'identity-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the services believe its people, also those of an earlier start', async () => {
  const keyFile = join(folder, 'identity.json');
  const first = await startIdentityProvider(keyFile, 'acme');
  await first.stop();
  const second = await startIdentityProvider(keyFile, 'acme');
  try {
    const claims = { tenantClaim: 'tenant', audiencesClaim: 'groups', personClaim: { name: 'idtyp', value: 'user' } };
    const verify = createTokenVerifier({ ...second, ...claims }, () => new Date());
    for (const { people } of [first, second]) {
      expect(await verify(people.carol)).toMatchObject({
        kind: 'person',
        tenant: 'acme',
        audiences: ['compliance-team'],
        principal: 'urn:holdpoint:development|carol',
      });
    }
  } finally {
    await second.stop();
  }
});

test('its private key is for its owner only, and never served', async () => {
  const keyFile = join(folder, 'private.json');
  const provider = await startIdentityProvider(keyFile, 'acme');
  try {
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const { keys } = (await (await fetch(provider.jwksUrl)).json()) as { keys: object[] };
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toHaveProperty('d');
  } finally {
    await provider.stop();
  }
});
