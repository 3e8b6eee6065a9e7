import type { RunningService } from '@holdpoint/shared/runtime/service';
import type { Browser } from 'playwright-core';
import {
  type Bench,
  type Given,
  type GivenApproval,
  givenApp,
  givenApproval,
  openBench,
} from '../../services/approvals/test/fixtures.ts';
import { signInBy, startBrowser, type Visit, visit } from './browser.ts';

/** The approvals service with real servers behind it, and a browser before it. */
export interface Desk {
  readonly bench: Bench;
  readonly service: RunningService;
  readonly browser: Browser;
  /** A tenant of its own, so that each test sees what it asked alone. */
  room(): Room;
  close(): Promise<void>;
}

export interface Room {
  readonly tenant: string;
  given(how?: GivenApproval): Promise<Given>;
  /** Asks over HTTP, so that it is told to everyone at once. */
  ask(question: Readonly<Record<string, unknown>>): Promise<{ readonly id: string }>;
  token(name: string, groups?: readonly string[], claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Signs somebody in, in a browser of their own. */
  person(name: string, groups?: readonly string[], how?: Parameters<typeof visit>[2] & { to?: string }): Promise<Visit>;
  /** As a program does it. */
  post(name: string, path: string, body?: unknown): Promise<Response>;
}

export async function openDesk(): Promise<Desk> {
  const [bench, browser] = await Promise.all([openBench(), startBrowser()]);
  const service = await bench.start();
  let rooms = 0;
  return {
    bench,
    service,
    browser,
    room() {
      rooms += 1;
      return roomOf(bench, service, browser, `desk-${rooms}`);
    },
    async close() {
      await browser.close();
      await bench.stop();
    },
  };
}

function roomOf(bench: Bench, service: RunningService, browser: Browser, tenant: string): Room {
  const post = async (credential: string, path: string, body: unknown): Promise<Response> =>
    fetch(`${service.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
  const token: Room['token'] = (name, groups = ['reviewer'], claims = {}) =>
    bench.issuer.token(name, groups, { tenant, ...claims });
  let key: Promise<string> | undefined;
  return {
    tenant,
    given: (how = {}) => givenApproval(bench.owner, { tenant, ...how }),
    async ask(question) {
      key ??= givenApp(bench.owner, ['plan'], { tenant });
      const answer = await post(await key, '/v1/approvals', { reason: 'may I', audience: 'reviewer', ...question });
      return (await answer.json()) as { id: string };
    },
    token,
    async person(name, groups, { to, ...how } = {}) {
      const made = await visit(browser, service.url, how);
      await signInBy(made.page, await token(name, groups), to);
      return made;
    },
    post: async (name, path, body) => post(await token(name), path, body),
  };
}
