import type { SourceDefinition } from '@holdpoint/shared/workspace/sources';
import { describe, expect, it } from 'vitest';
import { sourceRegistry } from './source-registry.ts';

const github: SourceDefinition = { id: 'code', provider: 'github', secrets: ['s'] };
const load = (...sources: SourceDefinition[]) => sourceRegistry(new Map([['acme', sources]]));

describe('the registry of sources', () => {
  it('finds a source by tenant and id, and nothing else', () => {
    const registry = load(github);
    expect(registry.find('acme', 'code')).toMatchObject({
      tenant: 'acme',
      provider: 'github',
      bodyMaxBytes: 1024 ** 2,
    });
    for (const [tenant, id] of [
      ['acme', 'other'],
      ['other', 'code'],
      ['acme/code', ''],
      ['', 'acme/code'],
      ['__proto__', 'x'],
    ]) {
      expect(registry.find(tenant ?? '', id ?? '')).toBeUndefined();
    }
  });

  it('finds a subscription by agent and id', () => {
    const registry = load({ id: 'wake', provider: 'fabric', secrets: ['s'], agent: 'triage', subscription: 'orders' });
    expect(registry.findSubscription('triage', 'orders')?.id).toBe('wake');
    expect(registry.findSubscription('triage', 'wake')).toBeUndefined();
  });

  it('refuses sources no delivery could be verified for, naming file and place but never the secret', () => {
    const fault = (source: SourceDefinition) => () => load(github, source);
    expect(fault({ ...github, id: 'a', provider: 'nobody' })).toThrow(
      /^tenants\/acme\/sources\.ts: 1\.provider: nobody is no provider; known are adobe-commerce, bitbucket/,
    );
    expect(fault({ ...github, id: 'a', provider: 'constructor' })).toThrow('constructor is no provider');
    expect(fault({ ...github, id: 'a', secrets: ['good', ' '] })).toThrow('1.secrets.1: github secret is empty');
    expect(fault({ ...github, id: 'a', provider: 'svix', secrets: ['top secret!'] })).toThrow(
      /svix secret is not base64/,
    );
    expect(fault({ ...github, id: 'a', provider: 'svix', secrets: ['top secret!'] })).not.toThrow(/top secret/);
    expect(fault({ ...github, id: 'a', options: {} })).toThrow('github takes no options');
    expect(fault({ ...github, id: 'a', agent: 'x', subscription: 'y' })).toThrow(
      'subscriptions are of provider fabric',
    );
  });
});
