import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoldpointError } from '../domain/errors.ts';
import { type Claims, type ClaimsConfig, endOf, type People, principalOf } from './claims.ts';

const config: ClaimsConfig = {
  tenantClaim: 'tenant',
  audiencesClaim: 'groups',
  personClaims: [{ name: 'idtyp', value: 'user' }],
};
const alice: Claims = { iss: 'https://id.example', sub: 'alice', tenant: 'acme', idtyp: 'user', groups: ['reviewer'] };
const nobody: People = new Map();

const read = (claims: Claims, change: Partial<ClaimsConfig> = {}, people = nobody) =>
  principalOf({ ...alice, ...claims }, { ...config, ...change }, people);

describe('audiences', () => {
  test.each<[string, string, Claims, string[]]>([
    ['a list', 'groups', { groups: ['a', 'b', 'a'] }, ['a', 'b']],
    ['a text with spaces', 'scope', { scope: 'reviewer  compliance-team' }, ['reviewer', 'compliance-team']],
    ['a text with commas', 'roles', { roles: 'reviewer, ops' }, ['reviewer', 'ops']],
    ['a dotted path', 'realm_access.roles', { realm_access: { roles: ['reviewer'] } }, ['reviewer']],
    ['a URL with dots', 'https://a.example/roles', { 'https://a.example/roles': ['reviewer'] }, ['reviewer']],
    ['what is no text', 'groups', { groups: ['a', 1, null, { b: 'c' }] }, ['a']],
    ['nothing', 'none', {}, []],
    ['a path that breaks off', 'a.b.c', { a: { b: 'text' } }, []],
    ['what every object inherits', 'constructor.name', {}, []],
  ])('are read from %s', (_, audiencesClaim, claims, expected) => {
    expect(read(claims, { audiencesClaim }).audiences).toEqual(expected);
  });

  test('are mapped by the tenant where it says how, and then by nothing else', () => {
    const people: People = new Map([['acme', { audiences: { reviewer: ['g-1', 'g-2'], 'holdpoint-admin': ['g-9'] } }]]);
    expect(read({ groups: ['g-2', 'reviewer', 'g-7'] }, {}, people)).toMatchObject({ audiences: ['reviewer'] });
    expect(read({ groups: ['reviewer', 'holdpoint-admin'] }, {}, people).audiences).toEqual([]);
    expect([...read({ groups: ['g-9'] }, {}, people).scopes]).toEqual(['read', 'admin']);
    expect(read({ tenant: 'other', groups: ['g-2'] }, {}, people).audiences).toEqual(['g-2']);
  });

  test('of the platform come from the identity provider, whatever a tenant maps', () => {
    const people: People = new Map([['acme', { audiences: { 'holdpoint-platform': ['g-1'] } }]]);
    expect([...read({ groups: ['g-1'] }, {}, people).scopes]).toEqual(['read']);
    expect([...read({ groups: ['holdpoint-platform'] }, {}, people).scopes]).toEqual(['read', 'platform']);
  });
});

describe('who somebody is', () => {
  test.each([[''], ['a\0b'], ['\ud800'], ['x'.repeat(513)], [{}], [['alice']], [null], [true]])('is not %j', (sub) => {
    expect(() => read({ sub })).toThrow('no text that can be kept');
    expect(() => read({ iss: sub })).toThrow('no text that can be kept');
  });

  test('is what can be kept of it, whatever else the token says', () => {
    const found = read({ sub: 7, name: `A\0${'\u{1F600}'.repeat(200)}`, groups: ['a', 'b\0', '\udfff', ''] });
    expect(found).toMatchObject({ subject: '7', principal: 'https://id.example|7', audiences: ['a'] });
    expect(found.name).toHaveLength(200);
    expect(found.name.isWellFormed() && !found.name.includes('\0')).toBe(true);
  });

  test('any claims are read or refused, and give nobody what no claim says', () => {
    const names = ['iss', 'sub', 'tenant', 'groups', 'idtyp', 'act', 'name', 'email', '__proto__', 'constructor'];
    const claims = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(fc.jsonValue(), fc.constantFrom('acme', 'user', '\0')),
    );
    fc.assert(
      fc.property(claims, fc.constantFrom('tenant', 'constructor.name', '__proto__'), (given, tenantClaim) => {
        try {
          const found = read(given, { tenantClaim });
          expect(found.tenant).toMatch(/^[a-z0-9][a-z0-9_-]{0,62}$/);
          expect(JSON.stringify(found)).not.toMatch(/\\u0000|\\ud[89a-f]/);
          if (!JSON.stringify(given).includes('holdpoint-')) expect([...found.scopes]).toEqual(['read']);
        } catch (error) {
          expect(error).toBeInstanceOf(HoldpointError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([[1e300], [Number.MAX_SAFE_INTEGER], [253_402_300_800]])(
  'a token that is good until %d has an end that can be stored',
  (exp) => {
    expect(endOf(exp).toISOString()).toBe('9999-12-31T23:59:59.000Z');
  },
);

describe('a tenant', () => {
  const people: People = new Map([['acme', { tokens: ['7c2f', 'Acme Inc'] }]]);

  test('is named by its tokens where it has some, and then not by its name', () => {
    expect(read({ tenant: 'Acme Inc' }, {}, people).tenant).toBe('acme');
    expect(() => read({ tenant: 'acme' }, {}, people)).toThrow('names no tenant');
    expect(read({ tenant: 'beta' }, {}, people).tenant).toBe('beta');
  });

  test.each([undefined, 5, 'No Name', '', ['acme'], { acme: 1 }])('is not named by %j', (tenant) => {
    expect(() => read({ tenant })).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });
});

describe('a person', () => {
  test.each<[string, ClaimsConfig['personClaims'], Claims, boolean]>([
    ['what the claim says', [{ name: 'idtyp', value: 'user' }], {}, true],
    ['what the claim does not say', [{ name: 'idtyp', value: 'user' }], { idtyp: 'app' }, false],
    ['a claim that is there', [{ name: 'oid' }], { oid: 'x' }, true],
    ['a claim that is false', [{ name: 'oid' }], { oid: false }, false],
    ['a claim that is empty', [{ name: 'oid' }], { oid: '' }, false],
    ['a claim that is null', [{ name: 'oid' }], { oid: null }, false],
    ['a claim that is not there', [{ name: 'oid' }], {}, false],
    ['a boolean', [{ name: 'email_verified', value: 'true' }], { email_verified: true }, true],
    ['one of several', [{ name: 'oid' }, { name: 'amr', value: 'mfa' }], { amr: ['pwd', 'mfa'] }, true],
    ['an object that would say so as text', [{ name: 'a', value: '[object Object]' }], { a: {} }, false],
    ['a path', [{ name: 'a.kind', value: 'user' }], { a: { kind: 'user' } }, true],
    ['a token that another holds in their name', [{ name: 'idtyp', value: 'user' }], { act: { sub: 'agent' } }, false],
  ])('is told by %s', (_, personClaims, claims, person) => {
    expect(read(claims, { personClaims }).kind).toBe(person ? 'person' : 'service');
  });
});
