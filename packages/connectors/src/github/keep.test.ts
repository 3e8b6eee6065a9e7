import { createRequire } from 'node:module';
import type { AcceptedEvent } from '@holdpoint/sdk/define';
import type { EntityDbOf } from '@holdpoint/sdk/entity-db';
import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { memoryEntities } from '@holdpoint/shared/db/entities/memory-entities';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { callTool, endCalls } from '../remote/testing/call-tool.ts';
import { keepGithub } from './keep.ts';
import { runner } from './run.ts';
import { startGithub, TOKEN } from './testing/stand-in.ts';
import { OWNER, REPO } from './testing/world.ts';
import { github } from './tools.ts';

interface Payload {
  readonly action: string;
  readonly issue?: { readonly number: number; readonly pull_request?: object };
  readonly pull_request?: { readonly number: number };
}
/** Recorded by GitHub. */
const RECORDED = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  readonly name: string;
  readonly examples: readonly Payload[];
}[];

type Db = EntityDbOf<{ github: typeof github }>;
let db: Db;
let warned: string[];
const newDb = () => createEntityDb(memoryEntities(), 'acme', new Map([['github', github.entities]])) as unknown as Db;
beforeEach(() => {
  db = newDb();
  warned = [];
});
afterAll(endCalls);

function heard(type: string, data: unknown): Promise<unknown> {
  const said = (_fields: object, message = '') => void warned.push(message);
  return keepGithub({ source: 'github' }).after({ type, data } as AcceptedEvent, {
    db,
    attempt: 1,
    log: { debug: said, info: said, warn: said, error: said },
    signal: new AbortController().signal,
  });
}

const examples = (name: string): readonly Payload[] => RECORDED.find((one) => one.name === name)?.examples ?? [];

test.each(['issues', 'issue_comment', 'pull_request'])(
  'every recorded webhook %s is kept, or says why not',
  async (type) => {
    expect(examples(type).length).toBeGreaterThan(5);
    for (const payload of examples(type)) {
      db = newDb();
      await heard(type, payload);
      const kept = [...(await db.github.issues.findMany()), ...(await db.github.pulls.findMany())];
      const leaves = type === 'issues' && /^(deleted|transferred|pinned|unpinned)$/.test(payload.action);
      expect(kept, `${type} ${payload.action}`).toHaveLength(leaves || payload.issue?.pull_request ? 0 : 1);
    }
    expect(warned).toEqual([]);
  },
);

test('an issue is kept under its name, whatever its repository is written like', async () => {
  const opened = examples('issues').find(({ action }) => action === 'opened');
  await heard('issues', opened);
  const [issue] = await db.github.issues.findMany();
  expect(issue).toMatchObject({ owner: 'Codertocat', repo: 'Hello-World', state: 'open', is_pull: false });
  expect(issue?.id).toBe(`codertocat/hello-world#${opened?.issue?.number}`);
  expect(await db.github.issues.findUnique({ where: { id: String(issue?.id) } })).toEqual(issue);
});

test('an issue that was deleted is not brought back by what was sent before', async () => {
  const before = examples('issues').find(({ action }) => action === 'edited');
  const deleted = { ...before, action: 'deleted' };
  await heard('issues', before);
  await heard('issues', deleted);
  await heard('issues', before);
  expect(await db.github.issues.findMany()).toHaveLength(0);
});

test('an older webhook changes nothing, and a comment on a pull request keeps no issue', async () => {
  const [recorded] = examples('pull_request');
  const at = (updated_at: string, title: string) => ({
    ...recorded,
    pull_request: { ...recorded?.pull_request, updated_at, title },
  });
  await heard('pull_request', at('2026-02-02T00:00:00Z', 'new'));
  await heard('pull_request', at('2026-02-01T00:00:00Z', 'old'));
  expect([...(await db.github.pulls.findMany())]).toMatchObject([{ title: 'new' }]);
  const [comment] = examples('issue_comment');
  await heard('issue_comment', { ...comment, issue: { ...comment?.issue, pull_request: {} } });
  expect(await db.github.issues.findMany()).toHaveLength(0);
});

test('what is no webhook of GitHub is told, and not tried again', async () => {
  await heard('issues', { action: 'opened' });
  await heard('pull_request', null);
  expect(warned).toHaveLength(2);
});

test('what GitHub answered is kept, without its text', async () => {
  const standIn = await startGithub();
  const called = {
    ...{ runner, config: { baseUrl: standIn.url }, credentials: { token: TOKEN } },
    db: db as unknown as NonNullable<Parameters<typeof callTool>[0]['db']>,
  };
  for (const [tool, number] of [
    ['issues.read', 1],
    ['pulls.read', 2],
  ] as const) {
    const args = { owner: OWNER, repo: REPO, number };
    const end = await callTool({ ...called, tool, args });
    const { result } = end as { result?: unknown };
    expect(result).toHaveProperty('body');
    const after = await callTool({ ...called, tool, args, part: 'after', result });
    expect(after).toEqual({ kind: 'answered', result: undefined });
  }
  expect([...(await db.github.issues.findMany())]).toMatchObject([{ id: 'octocat/hello-world#1', labels: ['bug'] }]);
  const [pull] = await db.github.pulls.findMany();
  expect(pull).toMatchObject({ id: 'octocat/hello-world#2', merged: false, head_ref: 'new-feature' });
  expect(pull).not.toHaveProperty('body');
  await standIn.close();
});
