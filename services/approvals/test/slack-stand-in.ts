import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyOf, closed } from './receivers.ts';

export const SLACK_TOKEN = 'xoxb-test-token';
export const SLACK_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
export const SLACK_CHANNEL = 'C0HOLD';

type Json = Readonly<Record<string, unknown>>;

export interface SlackPost {
  readonly ts: string;
  readonly channel: string;
  text: string;
  blocks: Json[];
  readonly metadata?: { readonly event_payload: { readonly id: string } };
}

export interface Click {
  readonly status: number;
  readonly body: string;
  readonly tookMs: number;
}

export interface Slack {
  readonly apiUrl: string;
  readonly posts: SlackPost[];
  /** Modals that were opened. */
  readonly views: Json[];
  /** What somebody alone was told, by who clicked. */
  readonly whispers: { readonly user: string; readonly text: string }[];
  readonly faults: string[];
  /** Requests to answer with 429 before the next is taken. */
  limited: number;
  /** Where the app takes interactions. */
  door: string;
  click(user: string, post: SlackPost, button: string, headers?: Record<string, string>): Promise<Click>;
  submit(user: string, view: Json, reason: string): Promise<Click>;
  /** A request to the door as Slack signs it, or otherwise. */
  send(payload: Json, options?: { secret?: string; atMs?: number; headers?: Record<string, string> }): Promise<Click>;
  close(): Promise<void>;
}

/** Slack as its documentation says it behaves: tokens, limits of blocks, time stamps, triggers of three seconds, signatures. */
export async function startSlack(): Promise<Slack> {
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const triggers = new Map<string, number>();
  const responses = new Map<string, { user: string; post: SlackPost }>();
  let counter = 0;

  const methods: Record<string, (body: Json) => Json> = {
    'chat.postMessage'(body) {
      const fault = messageFault(body);
      if (fault) return fault;
      const { text, blocks, metadata } = body as unknown as SlackPost;
      counter += 1;
      const ts = `${Math.floor(Date.now() / 1000)}.${String(counter).padStart(6, '0')}`;
      slack.posts.push({ ts, channel: SLACK_CHANNEL, text, blocks, ...(metadata && { metadata }) });
      return { ok: true, channel: SLACK_CHANNEL, ts, message: { text, blocks } };
    },
    'chat.update'(body) {
      const post = slack.posts.find(({ ts }) => ts === body.ts);
      if (!post) return { ok: false, error: 'message_not_found' };
      const fault = messageFault(body);
      if (fault) return fault;
      Object.assign(post, { text: body.text, blocks: body.blocks });
      return { ok: true, channel: SLACK_CHANNEL, ts: post.ts, text: post.text };
    },
    'views.open'({ trigger_id, view }) {
      const at = triggers.get(String(trigger_id));
      triggers.delete(String(trigger_id));
      if (at === undefined) return { ok: false, error: 'invalid_trigger_id' };
      if (performance.now() - at > 3_000) return { ok: false, error: 'expired_trigger_id' };
      const faults = viewFaults(view as Json);
      slack.faults.push(...faults);
      if (faults.length > 0) return { ok: false, error: 'invalid_arguments' };
      slack.views.push(view as Json);
      return { ok: true, view: { id: `V${++counter}` } };
    },
  };

  function messageFault({ channel, text, blocks, metadata }: Json): Json | undefined {
    if (channel !== SLACK_CHANNEL) return { ok: false, error: 'channel_not_found' };
    const faults = [
      ...blockFaults(blocks),
      ...(typeof text === 'string' && text !== '' && text.length <= 4_000 ? [] : ['text']),
      ...(metadata === undefined || typeof (metadata as Json).event_type === 'string' ? [] : ['metadata']),
    ];
    slack.faults.push(...faults);
    return faults.length > 0 ? { ok: false, error: 'invalid_blocks' } : undefined;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await bodyOf(request)) as Json;
    const path = request.url ?? '';
    const answered = responses.get(path);
    if (answered) {
      if (body.replace_original === true) Object.assign(answered.post, { text: body.text, blocks: body.blocks });
      else slack.whispers.push({ user: answered.user, text: String(body.text) });
      return void response.end('ok');
    }
    if (slack.limited > 0) {
      slack.limited -= 1;
      return void response.writeHead(429, { 'retry-after': '1' }).end();
    }
    const authorised = request.headers.authorization === `Bearer ${SLACK_TOKEN}`;
    const answer = authorised
      ? (methods[path.replace('/api/', '')]?.(body) ?? { ok: false, error: 'unknown_method' })
      : { ok: false, error: 'invalid_auth' };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }

  const slack: Slack = {
    apiUrl: `${origin}/api/`,
    posts: [],
    views: [],
    whispers: [],
    faults: [],
    limited: 0,
    door: '',
    async click(user, post, button, headers = {}) {
      const element = elementsOf(post).find(({ text }) => (text as Json).text === button);
      if (!element) throw new Error(`there is no button ${button}`);
      const [trigger_id, path] = [`trigger.${++counter}`, `/response/${++counter}`];
      triggers.set(trigger_id, performance.now());
      responses.set(path, { user, post });
      return slack.send(
        {
          type: 'block_actions',
          user: { id: user, username: 'somebody' },
          team: { id: 'T0' },
          api_app_id: 'A0',
          trigger_id,
          response_url: `${origin}${path}`,
          container: { type: 'message', message_ts: post.ts, channel_id: post.channel },
          actions: [{ type: 'button', block_id: 'b', action_id: element.action_id, value: element.value }],
        },
        { headers },
      );
    },
    submit(user, view, reason) {
      const [block] = view.blocks as { block_id: string; element: { action_id: string } }[];
      const values = {
        [String(block?.block_id)]: { [String(block?.element.action_id)]: { type: 'plain_text_input', value: reason } },
      };
      return slack.send({
        type: 'view_submission',
        user: { id: user },
        team: { id: 'T0' },
        view: { callback_id: view.callback_id, private_metadata: view.private_metadata, state: { values } },
      });
    },
    async send(payload, { secret = SLACK_SECRET, atMs = Date.now(), headers = {} } = {}) {
      const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
      const timestamp = String(Math.floor(atMs / 1000));
      const startedAt = performance.now();
      const answer = await fetch(slack.door, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`,
          ...headers,
        },
        body,
      });
      return { status: answer.status, body: await answer.text(), tookMs: performance.now() - startedAt };
    },
    close: () => closed(server),
  };
  return slack;
}

/** The buttons of a message. */
export function elementsOf({ blocks }: SlackPost): Json[] {
  return blocks.filter(({ type }) => type === 'actions').flatMap(({ elements }) => elements as Json[]);
}

/** Everything that somebody can follow. */
export function linksOf({ blocks }: SlackPost): string[] {
  return [...JSON.stringify(blocks).matchAll(/<(https?:[^|>]+)[|>]/g)].map(([, link]) => String(link));
}

/** Limits as https://docs.slack.dev/reference/block-kit gives them. */
function blockFaults(blocks: unknown): string[] {
  if (!Array.isArray(blocks) || blocks.length === 0 || blocks.length > 50) return ['blocks'];
  return blocks.flatMap((block: Json) => {
    switch (block.type) {
      case 'header':
        return plainFaults(block.text, 150, 'header');
      case 'section': {
        const fields = block.fields as Json[];
        if (!Array.isArray(fields) || fields.length === 0 || fields.length > 10) return ['section.fields'];
        return fields.flatMap((field) => textFaults(field, 2_000, 'section.field'));
      }
      case 'context':
        return (block.elements as Json[]).flatMap((one) => textFaults(one, 2_000, 'context'));
      case 'actions':
        return (block.elements as Json[]).flatMap(buttonFaults);
      case 'input':
        return [
          ...plainFaults(block.label, 2_000, 'input.label'),
          ...(String(block.block_id).length <= 255 ? [] : ['input.block_id']),
          ...((block.element as { max_length: number }).max_length <= 3_000 ? [] : ['input.max_length']),
        ];
      default:
        return [`type ${String(block.type)}`];
    }
  });
}

function buttonFaults({ type, text, action_id, value, style, confirm }: Json): string[] {
  const { title, text: question, confirm: yes, deny } = (confirm ?? {}) as Json;
  return [
    ...(type === 'button' ? [] : ['button.type']),
    ...plainFaults(text, 75, 'button.text'),
    ...(String(action_id).length <= 255 && String(value).length <= 2_000 ? [] : ['button.value']),
    ...(style === 'primary' || style === 'danger' ? [] : ['button.style']),
    ...(confirm === undefined
      ? []
      : [
          ...plainFaults(title, 100, 'confirm.title'),
          ...plainFaults(question, 300, 'confirm.text'),
          ...plainFaults(yes, 30, 'confirm.confirm'),
          ...plainFaults(deny, 30, 'confirm.deny'),
        ]),
  ];
}

function viewFaults({ type, callback_id, private_metadata, title, submit, close, blocks }: Json): string[] {
  return [
    ...(type === 'modal' ? [] : ['view.type']),
    ...(String(callback_id).length <= 255 ? [] : ['view.callback_id']),
    ...(String(private_metadata).length <= 3_000 ? [] : ['view.private_metadata']),
    ...plainFaults(title, 24, 'view.title'),
    ...plainFaults(submit, 24, 'view.submit'),
    ...plainFaults(close, 24, 'view.close'),
    ...blockFaults(blocks),
  ];
}

function plainFaults(text: unknown, maxChars: number, where: string): string[] {
  return (text as Json | undefined)?.type === 'plain_text' ? textFaults(text, maxChars, where) : [where];
}

function textFaults(text: unknown, maxChars: number, where: string): string[] {
  const { text: said } = text as { text?: unknown };
  return typeof said === 'string' && said.length > 0 && said.length <= maxChars ? [] : [where];
}
