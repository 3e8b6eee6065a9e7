import { expectConformance } from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { type CalledTool, callTool, endCalls } from '../remote/testing/call-tool.ts';
import { isBroadcast } from './message-text.ts';
import { runner } from './run.ts';
import { conformance } from './testing/conformance.ts';
import { CHANNEL, MESSAGE_TS } from './testing/slack-workspace.ts';
import { type SlackStandIn, startSlack, TOKEN } from './testing/stand-in.ts';
import { slack as declared } from './tools.ts';

const ACTION = '01890a5d-ac96-774b-bcce-b302099a8057';
const POST = { channel: CHANNEL, text: 'Good morning' };
const MESSAGE = { channel: CHANNEL, ts: MESSAGE_TS };

let slack: SlackStandIn;
beforeEach(async () => {
  slack = await startSlack();
});
afterEach(() => slack.close());
afterAll(endCalls);

type Tool = keyof typeof declared.tools;

function call(tool: Tool, args: Readonly<Record<string, unknown>>, more: Partial<CalledTool> = {}) {
  const config = { baseUrl: slack.url, ...more.config };
  return callTool({ runner, tool, args, credentials: { token: TOKEN }, actionId: ACTION, ...more, config });
}

const ask = (args: Readonly<Record<string, unknown>>, config = {}) =>
  call('messages.post', args, { part: 'reconcile', config });

const resultOf = (end: object): unknown => (end as { result?: unknown }).result;

test('does what the suite asks of every connector', async () => {
  expectConformance(await runConformance({ name: 'slack', tools: declared, runner, spec: conformance }));
}, 120_000);

test.each([
  ['channel_not_found', 'refused', 'refused'],
  ['not_in_channel', 'refused', 'refused'],
  ['invalid_auth', 'refused', 'refused'],
  ['a_code_that_is_new', 'refused', 'refused'],
  ['constructor', 'refused', 'refused'],
  ['ratelimited', 'retry', 'retry'],
  ['rate_limited', 'retry', 'retry'],
  ['internal_error', 'unknown', 'retry'],
  ['fatal_error', 'unknown', 'retry'],
  ['service_unavailable', 'unknown', 'retry'],
  ['request_timeout', 'unknown', 'retry'],
])('ok: false with %s is %s of an effect and %s of a read', async (error, effect, read) => {
  const answer = { status: 200, body: { ok: false, error } };
  slack.answerNext(answer);
  const end = await call('messages.post', POST);
  expect(end).toMatchObject({ kind: effect, message: expect.stringContaining(`answered 200: ${error}`) });
  if (effect === 'retry') expect(end).toMatchObject({ retryAfterMs: 30_000 });
  slack.answerNext(answer);
  expect(await call('conversations.info', { channel: CHANNEL })).toMatchObject({ kind: read });
  expect(slack.world.effects).toEqual([]);
});

test('a refusal names the scope that is missing', async () => {
  slack.answerNext({ status: 200, body: { ok: false, error: 'missing_scope', needed: 'chat:write', provided: '' } });
  expect(await call('messages.post', POST)).toMatchObject({
    message: expect.stringContaining('missing_scope; needs the scope chat:write'),
  });
});

test.each([
  ['no object', []],
  ['nothing that says whether it went well', { channel: CHANNEL, ts: MESSAGE_TS }],
  ['no time stamp of the message', { ok: true, channel: CHANNEL }],
])('an answer with %s is believed in nothing', async (_name, body) => {
  slack.answerNext({ status: 200, body });
  expect(await call('messages.post', POST)).toMatchObject({ kind: 'unknown' });
});

test('a message is found again by the action that it carries, and by nothing that another action posted', async () => {
  expect(await ask(POST)).toMatchObject({ result: 'not_applied' });
  await call('messages.post', POST, { actionId: ACTION.replace('8057', '8058') });
  expect(await ask(POST)).toMatchObject({ result: 'not_applied' });
  const posted = await call('messages.post', POST);
  expect(posted).toMatchObject({ kind: 'answered', result: { channel: CHANNEL } });
  expect(await ask(POST)).toEqual({ kind: 'answered', result: { applied: resultOf(posted) } });
});

test('a reply is looked for in its thread', async () => {
  const reply = { ...POST, thread_ts: MESSAGE_TS };
  expect(await ask(reply)).toMatchObject({ result: 'not_applied' });
  const posted = await call('messages.post', reply);
  expect(await ask(reply)).toEqual({ kind: 'answered', result: { applied: resultOf(posted) } });
  expect(await ask(POST), 'it is not in the channel itself').toMatchObject({ result: 'not_applied' });
});

test('what is not found in a thousand messages may still be there; an older one is not looked at', async () => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const chat = (index: number) => ({
    ts: `${nowSeconds}.${String(index).padStart(6, '0')}`,
    ...{ user: 'U0ANNA', text: 'Chat', reactions: [] },
  });
  slack.world.messages.push(...Array.from({ length: 1_001 }, (_, index) => chat(index)));
  expect(await ask(POST)).toMatchObject({ result: 'unknown' });
  expect(slack.heard(), 'five pages').toBe(5);
  slack.world.messages.pop();
  expect(await ask(POST), 'with one that is older than the action').toMatchObject({ result: 'not_applied' });
});

test('a page that says there is more and not where proves nothing', async () => {
  slack.answerNext({ status: 200, body: { ok: true, messages: [], has_more: true } });
  expect(await ask(POST)).toMatchObject({ result: 'unknown' });
});

test('without metadata nothing is carried, and nobody can tell whether it was posted', async () => {
  const config = { metadata: false };
  await call('messages.post', POST, { config });
  expect(slack.world.messages.at(-1)).not.toHaveProperty('metadata');
  expect(await ask(POST, config)).toMatchObject({ result: 'unknown' });
});

test('what is the case already is as good as done', async () => {
  const reaction = { ...MESSAGE, name: 'thumbsup' };
  expect(await call('reactions.add', reaction)).toMatchObject({ result: { already: false } });
  expect(await call('reactions.add', reaction)).toMatchObject({ result: { already: true } });
  expect(await call('conversations.archive', { channel: CHANNEL })).toMatchObject({ result: { already: false } });
  expect(await call('conversations.archive', { channel: CHANNEL })).toMatchObject({ result: { already: true } });
});

test('a message that is gone counts as deleted only where an earlier attempt may have done it', async () => {
  expect(await call('messages.delete', MESSAGE)).toMatchObject({ result: { already: false } });
  expect(await call('messages.delete', MESSAGE)).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('message_not_found'),
  });
  expect(await call('messages.delete', MESSAGE, { attempt: 2 })).toMatchObject({ result: { already: true } });
});

test('who can be invited is, who is there already counts as invited, and who cannot be is named', async () => {
  const invite = (...users: string[]) => call('conversations.invite', { channel: CHANNEL, users });
  expect(await invite('U0ANNA', 'U0BEN', 'U0NOBODY')).toMatchObject({
    result: { refused: [{ user: 'U0NOBODY', error: 'user_not_found' }] },
  });
  expect(slack.world.effects).toEqual(['invite U0BEN']);
  expect(await invite('U0ANNA')).toMatchObject({ kind: 'answered', result: { refused: [] } });
  expect(await invite('U0NOBODY')).toMatchObject({ kind: 'refused' });
});

test('a mention of many is refused unless the arguments say so, where a policy can see it', () => {
  const valid = (tool: Tool, args: object) => declared.tools[tool].args?.['~standard'].validate(args);
  for (const mention of ['<!channel>', '<!here>', '<!everyone|all>', '<!CHANNEL>', '<!group>', '<!subteam^S0DEVS>']) {
    const text = `Look ${mention}!`;
    expect(isBroadcast(text), mention).toBe(true);
    expect(valid('messages.post', { channel: CHANNEL, text }), mention).toHaveProperty('issues');
    expect(valid('messages.update', { ...MESSAGE, text }), mention).toHaveProperty('issues');
    expect(valid('messages.post', { channel: CHANNEL, text, allow_broadcast: true })).not.toHaveProperty('issues');
  }
  for (const text of ['&lt;!channel&gt;', '@channel', '<@U0ANNA>', '<!date^1392734382^{date}|then>']) {
    expect(valid('messages.post', { channel: CHANNEL, text }), text).not.toHaveProperty('issues');
  }
});

test('an update makes no mention of what only looks like one', async () => {
  await call('messages.update', { ...MESSAGE, text: 'Look @channel' });
  expect(slack.world.forms.at(-1)?.get('parse')).toBe('none');
});
