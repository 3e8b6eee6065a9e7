import { freePort } from '@holdpoint/stack/port';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from '../../services/approvals/test/fixtures.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type RunningProvider,
  startRealProvider,
} from '../../services/approvals/test/identity-providers.ts';
import { startBrowser, visit } from './browser.ts';

const ALICE = { name: 'Alice', tenant: 'acme', idtyp: 'user', realm_access: { roles: ['reviewer'] } };

let bench: Bench;
let browser: Browser;
let provider: RunningProvider;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  // By another name than the console's: to the browser it is another site, as it would be in earnest.
  provider = await startRealProvider([`${url}/console/oidc/callback`], { alice: ALICE }, 'localhost');
  [bench, browser] = await Promise.all([openBench(), startBrowser()]);
  const environment = {
    PORT: String(port),
    JWKS_URL: '',
    JWT_ISSUER: '',
    JWT_AUDIENCE: '',
    JWT_AUDIENCES_CLAIM: 'realm_access.roles',
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: CLIENT_ID,
    OIDC_CLIENT_SECRET: CLIENT_SECRET,
    OIDC_NAME: 'Example ID',
    PUBLIC_URL: url,
  };
  await bench.start({}, environment);
});
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
  await provider?.stop();
});

test('a person signs in at another site, and is back where they were, with a cookie that no other site can use', async () => {
  const { page, context, complaints } = await visit(browser, url);
  await page.goto('/grants?active=true');
  await page.getByRole('link', { name: 'Sign in with Example ID' }).click();
  await page.waitForURL(`${provider.issuer}/**`);
  await page.locator('input[name=login]').fill('alice');
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  // What the provider asks next: whether Alice agrees.
  await page.waitForURL(/\/interaction\//);
  const landed = page.waitForRequest(`${url}/grants?active=true`);
  await page.getByRole('button', { name: 'Continue' }).click();
  // Already this request is the console's own to the browser; one redirected from elsewhere would go without the cookie.
  expect((await (await landed).allHeaders()).cookie).toMatch(/^holdpoint_session=/);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  const cookies = await context.cookies(url);
  expect(cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }))).toEqual([
    { name: 'holdpoint_session', httpOnly: true, sameSite: 'Strict' },
  ]);
  expect(await page.evaluate('document.cookie')).toBe('');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Holdpoint' }).waitFor();
  expect(await context.cookies(url)).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});
