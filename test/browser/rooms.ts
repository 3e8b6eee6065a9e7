import type { Browser, Page } from 'playwright-core';
import { type System, type SystemOptions, startSystem } from '../e2e/system.ts';
import { startBrowser, type Visit, visit } from './browser.ts';

/** All four services, and the console that reaches them all, in a browser. */
export interface Rooms {
  readonly system: System;
  /** What all pages have complained of so far. */
  readonly complaints: () => string[];
  /** A page of somebody who is signed in, in a browser of their own. */
  enter(name: string, groups: readonly string[], path: string, how?: Parameters<typeof visit>[2]): Promise<Page>;
  stop(): Promise<void>;
}

export async function openRooms(options: SystemOptions = {}): Promise<Rooms> {
  const [system, browser]: [System, Browser] = await Promise.all([startSystem(options), startBrowser()]);
  const { executor, evaluator, ingest } = system.services;
  const console = await system.start('approvals', {
    EXECUTOR_URL: executor[0]?.url ?? '',
    EVALUATOR_URL: evaluator[0]?.url ?? '',
    INGEST_URL: ingest[0]?.url ?? '',
  });
  const visits: Visit[] = [];
  return {
    system,
    complaints: () => visits.flatMap((one) => one.complaints),
    async enter(name, groups, path, how) {
      const made = await visit(browser, console.url, how);
      visits.push(made);
      const token = await system.people.token(name, groups);
      const answer = await made.context.request.post('/console/sign-in', { data: { token } });
      if (!answer.ok()) throw new Error(`not signed in: ${answer.status()} ${await answer.text()}`);
      await made.page.goto(path);
      return made.page;
    },
    async stop() {
      await browser.close();
      await system.stop();
    },
  };
}
