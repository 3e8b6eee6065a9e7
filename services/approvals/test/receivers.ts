import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { ChannelInput } from '@holdpoint/shared/workspace/notifications';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { TENANT } from './fixtures.ts';

export const WEBHOOK_SECRET = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`;

export interface Workspace {
  /** What a service is started with to have these channels. */
  readonly environment: Record<string, string>;
  remove(): Promise<void>;
}

/** A workspace whose only content are channels of one tenant. */
export async function givenChannels(channels: readonly ChannelInput[], tenant = TENANT): Promise<Workspace> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-channels-'));
  const file = join(dir, 'tenants', tenant, 'notifications.ts');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `export default ${JSON.stringify(channels)};`);
  return {
    environment: {
      HOLDPOINT_WORKSPACE: dir,
      HOLDPOINT_PRIVATE_NETWORK: 'allow',
      PUBLIC_URL: 'https://holdpoint.test/',
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

export interface Received {
  readonly id: string;
  readonly atMs: number;
  readonly body: { readonly type: string; readonly timestamp: string; readonly data: Approval };
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Receiver {
  readonly url: string;
  /** What came, verified by Standard Webhooks' own library, whatever it was answered. */
  readonly received: Received[];
  /** Requests whose signature was not right. */
  readonly refused: IncomingHttpHeaders[];
  /** What the next ones are answered; 204 unless told. */
  answer: (received: Received) => Answer;
  /** Answers wait for this. */
  hold: Promise<void> | undefined;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    refused: [],
    answer: () => ({ status: 204 }),
    hold: undefined,
    close: () => closed(server),
  };

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await bodyOf(request);
    try {
      const body = new Webhook(WEBHOOK_SECRET).verify(raw, request.headers as Record<string, string>);
      const id = String(request.headers['webhook-id']);
      const received = { id, atMs: performance.now(), body: body as Received['body'] };
      receiver.received.push(received);
      const { status, headers = {} } = receiver.answer(received);
      await receiver.hold;
      response.writeHead(status, headers).end();
    } catch {
      receiver.refused.push(request.headers);
      response.writeHead(401).end();
    }
  }
  return receiver;
}

export interface Mailbox {
  readonly url: string;
  readonly mails: Email[];
  /** Those that were sent to it. */
  readonly passwords: string[];
  /** What the next mail is answered instead of being taken. */
  refuse: (() => { readonly code: number; readonly text: string }) | undefined;
  close(): Promise<void>;
}

/** A mail server; what it took, as a mail program reads it. */
export async function startMailbox(): Promise<Mailbox> {
  const server = new SMTPServer({
    authOptional: true,
    // It would take a password in the open.
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth({ password }, _session, callback) {
      mailbox.passwords.push(String(password));
      callback(null, { user: 'anybody' });
    },
    onData(stream, _session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const refusal = mailbox.refuse?.();
        if (refusal) return callback(Object.assign(new Error(refusal.text), { responseCode: refusal.code }));
        void PostalMime.parse(Buffer.concat(chunks)).then((mail) => {
          mailbox.mails.push(mail);
          callback();
        });
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const mailbox: Mailbox = {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails: [],
    passwords: [],
    refuse: undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return mailbox;
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export function closed(server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => void server.close(() => resolve()));
}
