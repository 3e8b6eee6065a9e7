import type { StandInResponse } from '@holdpoint/conformance/http-stand-in';
import { expectConformance } from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import { entityIdIn } from '@holdpoint/shared/domain/entity';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { type CalledTool, callTool, endCalls } from '../remote/testing/call-tool.ts';
import { markerOf } from './marker.ts';
import { runner } from './run.ts';
import { conformance } from './testing/conformance.ts';
import { readDescription } from './testing/description.ts';
import { allowance, type GithubStandIn, refusal, startGithub, TOKEN } from './testing/stand-in.ts';
import { HEAD_SHA, OWNER, REPO } from './testing/world.ts';
import { github as declared, MARKER_MAX_CHARS } from './tools.ts';

const ACTION = '01890a5d-ac96-774b-bcce-b302099a8057';
const issue = { owner: OWNER, repo: REPO, number: 1 };
const pull = { owner: OWNER, repo: REPO, number: 2 };

let github: GithubStandIn;
beforeEach(async () => {
  github = await startGithub();
});
afterEach(() => github.close());
afterAll(endCalls);

type Tool = keyof typeof declared.tools;

async function parsed(tool: Tool, args: object) {
  const { args: schema } = declared.tools[tool];
  const result = await schema?.['~standard'].validate(args);
  if (!result || result.issues) throw new Error(JSON.stringify(result?.issues));
  return result.value;
}

async function call(tool: Tool, args: object, more: Partial<CalledTool> = {}) {
  return callTool({
    runner,
    tool,
    args: await parsed(tool, args),
    credentials: { token: TOKEN },
    actionId: ACTION,
    ...more,
    config: { baseUrl: github.url, ...more.config },
  });
}

const ask = (tool: Tool, args: object, config = {}) => call(tool, args, { part: 'reconcile', config });

test('does what the suite asks of every connector', async () => {
  expectConformance(await runConformance({ name: 'github', tools: declared, runner, spec: conformance }));
}, 120_000);

test('an issue is read as it is kept, with its text', async () => {
  const end = await call('issues.read', { ...issue, owner: 'OctoCat' });
  expect(end).toMatchObject({
    kind: 'answered',
    result: { id: 'octocat/hello-world#1', title: 'Found a bug', state: 'open', labels: ['bug'], body: null },
  });
});

test.each([
  ['used up, until its reset', 403, () => allowance(0, 90), 'API rate limit exceeded', 90],
  ['used up, as 429', 429, () => allowance(0, 90), 'API rate limit exceeded', 90],
  ['secondary, with a time', 403, () => ({ 'retry-after': '30' }), 'You have exceeded a secondary rate limit', 30],
  ['secondary, with nothing but its words', 403, () => ({}), 'You have exceeded a secondary rate limit', 60],
  ['429 with nothing', 429, () => ({}), 'Too many', 60],
] as const)('a limit (%s) is waited for', async (_name, status, headers, message, seconds) => {
  github.answerNext({ ...refusal(status, message), headers: headers() });
  const end = await call('issues.comment', { ...issue, body: 'Hello' });
  expect(end).toMatchObject({ kind: 'retry' });
  const { retryAfterMs = 0 } = end as { retryAfterMs?: number };
  expect(Math.abs(retryAfterMs - seconds * 1000)).toBeLessThanOrEqual(1000);
  expect(github.world.effects).toEqual([]);
});

test.each([
  [401, 'Bad credentials', 'refused'],
  [403, 'Resource not accessible by personal access token', 'refused'],
  [404, 'Not Found', 'refused'],
  [409, 'Conflict', 'refused'],
  [410, 'This issue was deleted', 'refused'],
  [422, 'Validation Failed', 'refused'],
  [500, 'Server Error', 'unknown'],
  [503, 'Service Unavailable', 'unknown'],
])('%i is told in its words (%s), and counts as %s', async (status, message, kind) => {
  github.answerNext(refusal(status, message));
  const end = await call('issues.comment', { ...issue, body: 'Hello' });
  expect(end).toMatchObject({ kind, message: expect.stringContaining(`answered ${status}: ${message}`) });
});

test('404 says that it may be the token, and 422 which field is wrong', async () => {
  expect(await call('issues.read', { ...issue, number: 99 })).toMatchObject({
    message: expect.stringContaining('it is not there, or the token may not see it'),
  });
  const errors = [{ resource: 'Issue', code: 'missing_field', field: 'title' }];
  github.answerNext({ status: 422, body: { message: 'Validation Failed', errors } });
  expect(await call('issues.comment', { ...issue, body: 'Hello' })).toMatchObject({
    message: expect.stringContaining('Validation Failed; title missing_field'),
  });
});

test('a redirect is not followed: an issue has one name, and one lane', async () => {
  github.answerNext({ status: 301, headers: { location: `${github.url}repositories/1/issues/1` }, body: {} });
  expect(await call('issues.read', issue)).toMatchObject({ kind: 'refused' });
  expect(github.heard()).toBe(1);
});

test('an answer that is not as described is believed in nothing', async () => {
  const odd: StandInResponse = { status: 201, body: { hello: 'world' } };
  github.answerNext(odd);
  expect(await call('issues.comment', { ...issue, body: 'Hello' })).toMatchObject({ kind: 'unknown' });
  github.answerNext(odd);
  expect(await call('issues.read', issue)).toMatchObject({ kind: 'retry' });
});

test('a label that is not on the issue is as good as removed; an issue that is not there is refused', async () => {
  expect(await call('issues.unlabel', { ...issue, label: 'BUG' })).toMatchObject({ result: { labels: [] } });
  expect(await call('issues.unlabel', { ...issue, label: 'bug' })).toMatchObject({ result: { labels: [] } });
  expect(github.world.effects).toEqual(['unlabel 1 BUG']);
  expect(await call('issues.unlabel', { ...issue, number: 99, label: 'bug' })).toMatchObject({ kind: 'refused' });
  github.world.issues[0]?.labels.push('bug');
  github.answerNext(refusal(404, 'Not Found'));
  expect(await call('issues.unlabel', { ...issue, label: 'Bug' }), 'it is still there').toMatchObject({
    kind: 'refused',
  });
});

test('whom GitHub does not assign is named, and refused where it assigns nobody', async () => {
  expect(await call('issues.assign', { ...issue, assignees: ['hubot', 'stranger'] })).toMatchObject({
    result: { assignees: ['hubot'], ignored: ['stranger'] },
  });
  expect(await call('issues.assign', { ...issue, assignees: ['stranger'] })).toMatchObject({ kind: 'refused' });
});

test('what was written is found again by a hidden marker, and by nothing that another action wrote', async () => {
  const comment = { ...issue, body: 'Hello' };
  const created = { owner: OWNER, repo: REPO, title: 'New' };
  expect(await ask('issues.comment', comment)).toMatchObject({ result: 'not_applied' });
  expect(await ask('issues.create', created)).toMatchObject({ result: 'not_applied' });
  const other = { actionId: ACTION.replace('8057', '8058') };
  await call('issues.comment', comment, other);
  await call('issues.create', created, other);
  expect(await ask('issues.comment', comment)).toMatchObject({ result: 'not_applied' });
  expect(await ask('issues.create', created)).toMatchObject({ result: 'not_applied' });

  const said = await call('issues.comment', comment);
  const made = await call('issues.create', created);
  expect(await ask('issues.comment', comment)).toEqual({ kind: 'answered', result: { applied: resultOf(said) } });
  expect(await ask('issues.create', created)).toEqual({ kind: 'answered', result: { applied: resultOf(made) } });
  expect(github.world.issues[0]?.comments[1]?.body).toBe(`Hello\n\n${markerOf(ACTION)}`);
});

const resultOf = (end: object): unknown => (end as { result?: unknown }).result;

test('what is not found in a thousand comments may still be there; and an older comment is not looked at', async () => {
  const at = { body: 'Chat', created_at: new Date().toISOString() };
  github.world.issues[0]?.comments.push(...Array.from({ length: 1_001 }, (_, index) => ({ id: index + 1, ...at })));
  expect(await ask('issues.comment', { ...issue, body: 'Hello' })).toMatchObject({ result: 'unknown' });
  expect(github.heard(), 'ten pages').toBe(10);
  github.world.issues[0]?.comments.splice(0, 1);
  expect(await ask('issues.comment', { ...issue, body: 'Hello' })).toMatchObject({ result: 'not_applied' });
  const before = new Date(Number.parseInt(ACTION.slice(0, 13).replace('-', ''), 16) - 11 * 60_000).toISOString();
  github.world.issues[0]?.comments.splice(0, 999, { id: 1, body: markerOf(ACTION), created_at: before });
  expect(await ask('issues.comment', { ...issue, body: 'Hello' })).toMatchObject({ result: 'not_applied' });
});

test('without markers nothing hidden is written, and nobody can tell whether it was', async () => {
  const config = { marker: false };
  await call('issues.comment', { ...issue, body: 'Hello' }, { config });
  expect(github.world.issues[0]?.comments[0]?.body).toBe('Hello');
  expect(await ask('issues.comment', { ...issue, body: 'Hello' }, config)).toMatchObject({ result: 'unknown' });
  expect(await ask('issues.create', { owner: OWNER, repo: REPO, title: 'New' }, config)).toMatchObject({
    result: 'unknown',
  });
});

test('only the commit that was reviewed is merged, and a merge is told from one of another commit', async () => {
  const merge = { ...pull, sha: HEAD_SHA };
  expect(await ask('pulls.merge', merge)).toMatchObject({ result: 'not_applied' });
  const other = { ...pull, sha: HEAD_SHA.replace('6', '7') };
  expect(await call('pulls.merge', other)).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('409: Head branch was modified'),
  });
  const merged = await call('pulls.merge', merge);
  expect(await ask('pulls.merge', merge)).toEqual({ kind: 'answered', result: { applied: resultOf(merged) } });
  expect(await ask('pulls.merge', other)).toMatchObject({ result: 'unknown' });
  expect(await call('pulls.merge', merge)).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('405: Pull Request is not mergeable'),
  });
});

test('an issue has one key however it is written, and its pull request the same', async () => {
  const { entityKey, entity } = declared.tools['issues.label'];
  const args = await parsed('issues.label', { ...issue, owner: 'OctoCat', labels: ['x'] });
  expect(entity && entityIdIn(args, entity)).toBe('octocat/hello-world#1');
  expect(entityKey?.(args as never)).toBe('issue:octocat/hello-world#1');
  expect(declared.tools['pulls.merge'].entityKey?.(args as never)).toBe('issue:octocat/hello-world#1');
});

test('a marker fits into what is kept for it', () => {
  expect(`\n\n${markerOf(ACTION)}`.length).toBeLessThanOrEqual(MARKER_MAX_CHARS);
  expect(markerOf(ACTION)).not.toContain(ACTION);
});

test('a start names a credential that is missing and a setting that is wrong', () => {
  const missing = () => {
    throw new Error('acme gives github no credential token');
  };
  const start = (config: object, secret: (name: string) => string) =>
    runner.init?.({
      tenants: { acme: { config: { ...config }, secret, fetch, connect: missing } },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      signal: new AbortController().signal,
    });
  expect(() => start({}, () => TOKEN)).not.toThrow();
  expect(() => start({}, missing)).toThrow('no credential token');
  expect(() => start({ baseURL: 'https://x.example' }, () => TOKEN)).toThrow('baseURL');
});

test('the stand-in says nothing that GitHub does not describe', () => {
  const description = readDescription();
  const read = { method: 'GET', path: '/repos/{owner}/{repo}/issues/{issue_number}', values: {} };
  const sample = description.sample('issue');
  expect(description.responseFaults(read, { status: 200, body: sample })).toEqual([]);
  expect(description.responseFaults(read, { status: 200, body: { ...sample, number: 'one' } })).not.toEqual([]);
  expect(description.responseFaults(read, { status: 418, body: {} })).toEqual(['an answer 418 is not described']);
  const asked = { method: 'GET', path: '/', query: new URLSearchParams('sort=new'), headers: {}, body: '{}' };
  expect(description.requestFaults(read, asked)).toEqual(['query.sort is not described', 'a body is not described']);
  const label = { method: 'POST', path: '/repos/{owner}/{repo}/issues/{issue_number}/labels', values: {} };
  const labelled = { ...asked, method: 'POST', query: new URLSearchParams(), body: '{"labels":["x"],"colour":"red"}' };
  expect(description.requestFaults(label, labelled)).toEqual(['body.colour is not described']);
});
