import { Readable } from 'node:stream';
import type { ConnectorContext } from '@holdpoint/sdk/define';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Mail } from './compose-mail.ts';
import type { EmailSettings } from './settings.ts';
import { type Login, recipientsFailure, smtpFailure } from './smtp-failure.ts';

/** For all that comes before the mail's data. Later only the call's time counts: the server has it by then. */
const BEFORE_DATA_MAX_MS = 20_000;
const DATA_MAX_MS = 10 * 60_000;
const ANSWER_MAX_BYTES = 64 * 1024;
const WORDS_MAX_LENGTH = 200;

/** Gives a mail to the tenant's server: to all of its recipients or to none. Answers with the server's last words. */
export async function deliverMail(
  ctx: Pick<ConnectorContext, 'connect' | 'secret'>,
  settings: EmailSettings,
  mail: Mail,
): Promise<string> {
  const login = settings.login ? { user: ctx.secret('user'), password: ctx.secret('password') } : undefined;
  const connection = await connectionTo(ctx, settings);
  let begun = false;
  const onBegun = () => {
    begun = true;
    clearTimeout(timer);
  };
  const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
  broken.catch(() => {});
  connection.on('error', breakOff);
  const late = () => breakOff(new Error(`it was not ready for the mail within ${BEFORE_DATA_MAX_MS} ms`));
  const timer = setTimeout(late, BEFORE_DATA_MAX_MS);
  try {
    const words = await Promise.race([broken, converse(connection, mail, login, onBegun)]);
    connection.quit();
    return words.slice(0, WORDS_MAX_LENGTH);
  } catch (error) {
    connection.close();
    const { rejectedErrors } = error as { rejectedErrors?: readonly unknown[] };
    throw rejectedErrors?.length ? recipientsFailure(rejectedErrors, login) : smtpFailure(error, begun, login);
  } finally {
    clearTimeout(timer);
  }
}

async function connectionTo(
  ctx: Pick<ConnectorContext, 'connect'>,
  { host, port, tls, ca, from }: EmailSettings,
): Promise<SMTPConnection> {
  const trust = ca === undefined ? {} : { ca };
  const encrypted = tls === 'implicit';
  return new SMTPConnection({
    // Within the platform's limits: it judged the address, and cuts the connection where the call ends.
    connection: await ctx.connect({ host, port, tls: encrypted, ...trust }),
    host,
    port,
    secure: encrypted,
    secured: encrypted,
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: trust,
    name: from.slice(from.lastIndexOf('@') + 1),
    greetingTimeout: BEFORE_DATA_MAX_MS,
    socketTimeout: DATA_MAX_MS,
    maxResponseSize: ANSWER_MAX_BYTES,
  });
}

async function converse(
  connection: SMTPConnection,
  { from, recipients, raw }: Mail,
  login: Login | undefined,
  onBegun: () => void,
): Promise<string> {
  await step((done) => connection.connect(done));
  if (login) {
    await step((done) => connection.login({ credentials: { user: login.user, pass: login.password } }, done));
  }
  // nodemailer notes in the envelope whom the server has refused, and sends to the others.
  const envelope: Envelope = { from, to: [...recipients], size: raw.byteLength };
  const data = Readable.from(dataOf(raw, envelope, onBegun));
  const sent = await step<{ readonly response: string }>((done) => {
    connection.send(envelope, data, done);
  });
  return sent.response;
}

interface Envelope {
  from: string;
  to: string[];
  size: number;
  rejected?: readonly unknown[];
  rejectedErrors?: readonly unknown[];
}

/** Asked for once the server is ready for it. An end is never sent to a mail that not all would get: it was not sent then. */
function* dataOf(raw: Buffer, envelope: Envelope, onBegun: () => void) {
  const { rejected = [], rejectedErrors = [] } = envelope;
  if (rejected.length > 0) throw new RecipientsRefused(rejectedErrors);
  onBegun();
  yield raw;
}

class RecipientsRefused extends Error {
  override readonly name = 'RecipientsRefused';
  readonly rejectedErrors: readonly unknown[];

  constructor(rejectedErrors: readonly unknown[]) {
    super('some recipients were refused');
    this.rejectedErrors = rejectedErrors;
  }
}

type Done<T> = (error?: Error | null, result?: T) => void;

const step = <T>(run: (done: Done<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result as T))));
