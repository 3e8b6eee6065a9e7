import { defineConformance, type StandIn } from '@holdpoint/conformance/spec';
import { CHANNEL, MESSAGE_TS } from './slack-workspace.ts';
import { startSlack, TOKEN } from './stand-in.ts';

const message = { channel: CHANNEL, ts: MESSAGE_TS };
const absent = { channel: CHANNEL, ts: '1405894322.000001' };
const elsewhere = { channel: 'C0NOWHERE' };

export const conformance = defineConformance({
  start,
  without: { exhausted: 'Slack publishes no allowance: https://docs.slack.dev/apis/web-api/rate-limits' },
  tools: {
    'users.lookup': {
      args: { email: 'anna@acme.example' },
      invalid: [{ email: 'anna' }],
      rejected: { email: 'nobody@acme.example' },
    },
    'conversations.info': { args: { channel: CHANNEL }, invalid: [{ channel: '#general' }], rejected: elsewhere },
    'messages.post': {
      args: { channel: CHANNEL, text: 'Good morning', allow_broadcast: false },
      invalid: [
        { channel: CHANNEL, text: '' },
        { channel: CHANNEL, text: 'Wake up <!channel>' },
      ],
      rejected: { ...elsewhere, text: 'Good morning', allow_broadcast: false },
    },
    'messages.update': {
      setsState: true,
      args: { ...message, text: 'Good evening', allow_broadcast: false },
      invalid: [{ ...message, text: 'x'.repeat(4_001) }],
      rejected: { ...absent, text: 'Good evening', allow_broadcast: false },
    },
    'messages.delete': { args: message, invalid: [{ ...message, ts: '1405894322' }], rejected: absent },
    'reactions.add': {
      setsState: true,
      args: { ...message, name: 'thumbsup' },
      invalid: [{ ...message, name: ':thumbsup:' }],
      rejected: { ...message, name: 'nonsense' },
    },
    'conversations.invite': {
      setsState: true,
      args: { channel: CHANNEL, users: ['U0BEN'] },
      invalid: [{ channel: CHANNEL, users: ['ben'] }],
      rejected: { channel: CHANNEL, users: ['U0NOBODY'] },
    },
    'conversations.archive': {
      setsState: true,
      args: { channel: CHANNEL },
      invalid: [{ channel: 'general' }],
      rejected: elsewhere,
    },
  },
});

async function start(): Promise<StandIn> {
  const slack = await startSlack();
  return {
    config: { baseUrl: slack.url },
    credentials: { token: TOKEN },
    fault: slack.fault,
    heard: slack.heard,
    close: slack.close,
    applied(tool, args) {
      const effect = effectOf(tool, args);
      return slack.world.effects.filter((one) => one === effect).length;
    },
  };
}

function effectOf(tool: string, args: Readonly<Record<string, unknown>>): string | undefined {
  switch (tool) {
    case 'messages.post':
      return `post ${args.text}`;
    case 'messages.update':
      return `update ${args.ts} ${args.text}`;
    case 'messages.delete':
      return `delete ${args.ts}`;
    case 'reactions.add':
      return `react ${args.ts} ${args.name}`;
    case 'conversations.invite':
      return `invite ${(args.users as string[])[0]}`;
    case 'conversations.archive':
      return args.channel === CHANNEL ? 'archive' : undefined;
    default:
      return undefined;
  }
}
