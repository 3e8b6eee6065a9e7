import { PrivateAddress, publicAddressOf, publicConnector } from '@holdpoint/shared/runtime/public-network';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';

/** How notifications leave: to public addresses alone, unless development allows others. Redirects are not followed. */
export interface Outbound {
  readonly dispatcher: Dispatcher;
  /** The address to connect to for a name, judged as any other. */
  addressOf(host: string): Promise<string>;
  close(): Promise<void>;
}

const REMEDY = 'for development HOLDPOINT_PRIVATE_NETWORK=allow lets notifications go there';
const CONNECT_MAX_MS = 5_000;
const CONNECTIONS_MAX = 32;
const ORIGINS_MAX = 1_000;
const HEADERS_MAX_BYTES = 32 * 1024;

export function createOutbound(reach: 'public' | 'anywhere'): Outbound {
  const dispatcher = new Agent({
    connect:
      reach === 'public'
        ? publicConnector({ remedy: REMEDY, connectMaxMs: CONNECT_MAX_MS })
        : buildConnector({ timeout: CONNECT_MAX_MS }),
    connections: CONNECTIONS_MAX,
    maxOrigins: ORIGINS_MAX,
    maxHeaderSize: HEADERS_MAX_BYTES,
  });
  return {
    dispatcher,
    addressOf: async (host) => (reach === 'public' ? publicAddressOf(host, REMEDY) : host),
    close: () => dispatcher.destroy(),
  };
}

export interface Posted {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** What was asked to be read of the answer; its beginning, if it is long. */
  readonly text: string;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  readonly answerMaxBytes: number;
}

/** One request, with at most so much read of its answer. */
export async function post(outbound: Outbound, { url, headers, body, signal, answerMaxBytes }: Post): Promise<Posted> {
  const response = await request(url, { method: 'POST', dispatcher: outbound.dispatcher, headers, body, signal });
  let text = '';
  try {
    for await (const chunk of response.body.setEncoding('utf8')) {
      text += chunk;
      if (text.length >= answerMaxBytes) break;
    }
  } finally {
    response.body.destroy();
  }
  return {
    status: response.statusCode,
    header: (name) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    text: text.slice(0, answerMaxBytes),
  };
}

const REASON_MAX_CHARS = 300;

/** Why something could not be sent, in words that hold no URL: a receiver's secret may stand in its path. */
export function whyNotSent(error: unknown): string {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1) {
    if (one instanceof PrivateAddress) return one.message;
    if (one.name === 'TimeoutError' || one.name === 'AbortError') return 'no answer in time';
    const code = (one as { code?: unknown }).code;
    if (typeof code === 'string') return `could not be sent: ${code}`.slice(0, REASON_MAX_CHARS);
  }
  return 'could not be sent';
}
