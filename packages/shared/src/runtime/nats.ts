import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ConsumerConfig,
  type ConsumerInfo,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  headers,
  type NatsConnection,
} from '@nats-io/transport-node';
import { inboxOf } from '../messages/nats-rights.ts';
import type { Logger } from './logger.ts';
import { watchStoring } from './nats-storing.ts';

export { isNatsLoss } from './dependency-loss.ts';
export { type BatchConsumer, type ConsumeBatchesOptions, consumeBatches } from './nats-batches.ts';

export interface NatsOptions {
  /** One URL, or several with commas between; user and password may stand in it. */
  readonly url: string;
  /** A credentials file's path, or its text. */
  readonly creds?: string;
  /** Shown by the server in its list of connections. */
  readonly name: string;
  readonly logger: Logger;
  /** What JetStream is reached by in an account that it does not live in: an operator's. */
  readonly jetstreamDomain?: string;
  /** Gives up waiting for the first connection. */
  readonly signal?: AbortSignal;
}

export interface Nats {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  /** Whether the server is there now: false lets a door refuse at once instead of after a timeout. */
  connected(): boolean;
  /** One round trip, and what was published lately was stored; what a readiness check asks. */
  ping(): Promise<void>;
  /** Sends what is buffered, then closes. */
  close(): Promise<void>;
}

/** Waits for the first connection for as long as it takes, and reconnects for ever. */
export async function connectNats(options: NatsOptions): Promise<Nats> {
  const { logger, jetstreamDomain } = options;
  const api = { timeout: REQUEST_TIMEOUT_MS, ...(jetstreamDomain !== undefined && { domain: jetstreamDomain }) };
  const nc = await firstConnection(await connectionOptions(options), options);
  let connected = true;
  const js = jetstream(nc, api);
  const watch = watchStoring(js, {
    onLost: (family, err) => logger.error({ err, family }, 'nats: what is published is not acknowledged'),
  });
  void (async () => {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection' || status.type === 'close') {
        if (connected && !nc.isClosed()) logger.warn('nats: connection lost');
        connected = false;
      } else if (status.type === 'reconnect') {
        connected = true;
        watch.forget();
        logger.info('nats: connected again');
      } else if (status.type === 'error') {
        logger.error({ err: status.error }, 'nats: the server reports an error');
      }
    }
  })();
  return {
    nc,
    js,
    // Not asking now whether JetStream is there: a service starts and says so by its readiness.
    jsm: await jetstreamManager(nc, { ...api, checkAPI: false }),
    connected: () => connected && !nc.isClosed(),
    async ping() {
      if (!connected) throw new Error('nats: not connected');
      if (!watch.isStoring()) throw new Error('nats: what is published is not stored');
      await nc.flush();
    },
    async close() {
      if (nc.isClosed()) return;
      // Draining waits for the server; without one there is nobody to wait for.
      await (connected ? nc.drain() : nc.close());
    },
  };
}

const REQUEST_TIMEOUT_MS = 5_000;

async function connectionOptions({ url, creds, name }: NatsOptions): Promise<ConnectionOptions> {
  const servers = url.split(',').map((part) => new URL(part.trim()));
  const { username, password } = servers[0] ?? {};
  const credsBytes = creds && (creds.startsWith('-----') ? new TextEncoder().encode(creds) : await readFile(creds));
  return {
    servers: servers.map((server) => `${server.protocol}//${server.host}`),
    name,
    ...(username && login(decodeURIComponent(username), decodeURIComponent(password ?? ''))),
    ...(credsBytes && { authenticator: credsAuthenticator(new Uint8Array(credsBytes)) }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 500,
    pingInterval: 10_000,
    timeout: 5_000,
    ignoreAuthErrorAbort: true,
    // A stack captured for every request, in case it fails, costs a tenth of what a busy publisher does.
    noAsyncTraces: true,
  };
}

/** Answers come to an inbox of the login's own, so that a server can be told to let nobody else listen there. */
function login(user: string, pass: string): Pick<ConnectionOptions, 'user' | 'pass' | 'inboxPrefix'> {
  return { user, pass, ...(IN_A_SUBJECT.test(user) && { inboxPrefix: inboxOf(user) }) };
}

const IN_A_SUBJECT = /^[A-Za-z0-9_=-]+$/;

async function firstConnection(options: ConnectionOptions, { logger, signal }: NatsOptions): Promise<NatsConnection> {
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await connect(options);
    } catch (error) {
      if (attempt % 10 === 0) logger.warn({ err: error }, 'nats: waiting for the server');
      await delay(Math.min(100 * 2 ** attempt, 2_000) * (0.5 + Math.random() / 2), undefined, signal && { signal });
    }
  }
}

/** A stream as it is asked for; what it does not name is left as it is. */
export type StreamAsked = { readonly name: string } & {
  readonly [K in keyof StreamConfig]?: StreamConfig[K] extends (infer E)[] | undefined ? readonly E[] : StreamConfig[K];
};

/**
 * Creates the streams, or updates them to what is asked. Older servers ignore fields that they do not know, so the answer
 * is compared with the question.
 */
export async function ensureStreams(
  jsm: JetStreamManager,
  streams: readonly StreamAsked[],
  logger: Logger,
): Promise<void> {
  for (const asked of streams) {
    const config = structuredClone(asked) as Partial<StreamConfig> & { name: string };
    const info = await existing(jsm.streams.info(asked.name));
    const current = info?.config ?? (await addStream(jsm, config));
    const result =
      differing(asked, current).length > 0 ? (await jsm.streams.update(asked.name, config)).config : current;
    const otherwise = differing(asked, result);
    if (otherwise.length > 0) {
      logger.warn({ stream: asked.name, otherwise }, 'nats: the server keeps a stream otherwise than asked');
    }
  }
}

/** The same for a start, which an outage must not end: whoever needs the streams sets them up again. Never rejects. */
export async function tryEnsureStreams(
  jsm: JetStreamManager,
  streams: readonly StreamAsked[],
  logger: Logger,
): Promise<void> {
  try {
    await ensureStreams(jsm, streams, logger);
  } catch (err) {
    logger.warn({ err }, 'nats: the streams could not be set up yet');
  }
}

/** A durable as it is asked for, and with what it begins where it is not there yet: the first of its stream unless told. */
interface ConsumerOfStream {
  readonly stream: string;
  readonly begin?: 'new' | 'all';
  readonly config: ConsumerAsked;
}

/**
 * Creates or updates a durable pull consumer. One that is as asked is left alone: a login may use it and make none. A durable's
 * beginning cannot be changed later, so one that is there keeps its own.
 */
export async function ensureConsumer(
  jsm: JetStreamManager,
  { stream, begin, config }: ConsumerOfStream,
): Promise<ConsumerInfo> {
  const found = await existing(jsm.consumers.info(stream, config.durable_name));
  const asked = begin ? { ...config, deliver_policy: found?.config.deliver_policy ?? begin } : config;
  if (found !== undefined && differing(asked, found.config).length === 0) return found;
  return jsm.consumers.add(stream, structuredClone(asked) as Partial<ConsumerConfig>);
}

export type ConsumerAsked = { readonly durable_name: string } & {
  readonly [K in keyof ConsumerConfig]?: ConsumerConfig[K] extends (infer E)[] | undefined
    ? readonly E[]
    : ConsumerConfig[K];
};

const NOT_FOUND = 404;
const NAME_IN_USE = 10058;

async function addStream(
  jsm: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<StreamConfig> {
  try {
    return (await jsm.streams.add(config)).config;
  } catch (error) {
    // Another instance was first, with other words.
    if (apiCode(error) === NAME_IN_USE) return (await jsm.streams.info(config.name)).config;
    throw error;
  }
}

async function existing<T>(info: Promise<T>): Promise<T | undefined> {
  try {
    return await info;
  } catch (error) {
    if (apiStatus(error) === NOT_FOUND) return undefined;
    throw error;
  }
}

function differing(asked: object, got: object): string[] {
  return Object.entries(asked)
    .filter(
      ([key, value]) =>
        JSON.stringify(value) !== JSON.stringify((got as Record<string, unknown>)[key] ?? absent(value)),
    )
    .map(([key]) => key);
}

/** The server leaves out what is false, zero or empty. */
function absent(asked: unknown): unknown {
  return asked === false || asked === 0 || asked === '' ? asked : undefined;
}

function apiCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}

function apiStatus(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}

export interface OutgoingMessage {
  readonly subject: string;
  /** `Nats-Msg-Id`: a second copy within the stream's window is dropped by the server. */
  readonly id?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

const PUBLISHES_IN_FLIGHT = 256;

/**
 * Publishes all and waits for every acknowledgement, a bounded number at a time. Rejects with the first failure once none is
 * under way any more; the caller publishes all again, and ids make that harmless.
 */
export async function publishAll(
  js: JetStreamClient,
  messages: readonly OutgoingMessage[],
  inFlightMax = PUBLISHES_IN_FLIGHT,
): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  const lane = async () => {
    while (next < messages.length && failures.length === 0) {
      const message = messages[next++] as OutgoingMessage;
      try {
        await publishOne(js, message);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlightMax, messages.length) }, lane));
  if (failures.length > 0) throw failures[0];
}

async function publishOne(js: JetStreamClient, message: OutgoingMessage): Promise<void> {
  const hdrs = message.headers && headers();
  for (const [name, value] of Object.entries(message.headers ?? {})) hdrs?.set(name, value);
  await js.publish(message.subject, message.body, {
    ...(message.id && { msgID: message.id }),
    ...(hdrs && { headers: hdrs }),
  });
}
