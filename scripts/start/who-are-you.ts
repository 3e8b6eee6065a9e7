import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export const CLIENT_ID = 'holdpoint-console';

const CODE_MAX_MS = 60_000;
const CODES_MAX = 100;
const BODY_MAX_BYTES = 16 * 1024;
/** Back to this machine, and there to nothing but where a sign-in ends. */
const WAY_BACK = /^http:\/\/127\.0\.0\.1:\d{1,5}\/(console|queues)\/oidc\/callback$/;

export interface WhoAreYouOptions {
  readonly issuer: string;
  readonly people: Readonly<Record<string, { readonly name: string; readonly groups: readonly string[] }>>;
  idTokenOf(person: string, nonce: string | undefined): Promise<string>;
}

interface Code {
  readonly person: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly nonce: string | undefined;
  readonly until: number;
}

/**
 * An OpenID provider that asks who one is and believes it: the authorization code flow with PKCE, for development, on this machine
 * alone. Answers false to what is not its own.
 */
export function createWhoAreYou({ issuer, people, idTokenOf }: WhoAreYouOptions) {
  const codes = new Map<string, Code>();

  function metadata(base: string): object {
    return {
      issuer,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint: `${base}/token`,
      jwks_uri: `${base}/jwks.json`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
    };
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const [redirectUri, challenge] = [query.get('redirect_uri') ?? '', query.get('code_challenge') ?? ''];
    const asked = query.get('client_id') === CLIENT_ID && query.get('code_challenge_method') === 'S256' && challenge;
    if (!asked || !WAY_BACK.test(redirectUri)) {
      sendPage(response, 400, '<h1>This is not for us</h1>');
      return;
    }
    const person = query.get('as');
    if (person === null || !Object.hasOwn(people, person)) {
      sendPage(response, 200, question(query, people));
      return;
    }
    const code = randomBytes(32).toString('base64url');
    codes.set(code, {
      person,
      redirectUri,
      challenge,
      nonce: query.get('nonce') ?? undefined,
      until: Date.now() + CODE_MAX_MS,
    });
    const oldest = codes.keys().next().value;
    if (codes.size > CODES_MAX && oldest !== undefined) codes.delete(oldest);
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(302, { location: back.href, 'cache-control': 'no-store' }).end();
  }

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = new URLSearchParams(await bodyOf(request));
    const code = codes.get(sent.get('code') ?? '');
    codes.delete(sent.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(sent.get('code_verifier') ?? '')
      .digest('base64url');
    const good =
      code !== undefined &&
      code.until > Date.now() &&
      code.challenge === challenge &&
      code.redirectUri === sent.get('redirect_uri') &&
      sent.get('client_id') === CLIENT_ID;
    if (!good) {
      sendJson(response, 400, { error: 'invalid_grant' });
      return;
    }
    const idToken = await idTokenOf(code.person, code.nonce);
    sendJson(response, 200, { access_token: 'none', token_type: 'Bearer', id_token: idToken });
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const base = `http://${request.headers.host ?? ''}`;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://local.invalid');
    if (pathname === '/.well-known/openid-configuration') sendJson(response, 200, metadata(base));
    else if (pathname === '/authorize') authorize(searchParams, response);
    else if (pathname === '/token' && request.method === 'POST') await exchange(request, response);
    else return false;
    return true;
  };
}

function question(query: URLSearchParams, people: WhoAreYouOptions['people']): string {
  const links = Object.entries(people).map(([id, { name, groups }]) => {
    const chosen = new URLSearchParams(query);
    chosen.set('as', id);
    return `<li><a href="/authorize?${escapeHtml(chosen.toString())}">${name}</a> <small>${groups.join(', ')}</small></li>`;
  });
  return `<h1>Who are you?</h1><p>For development: nobody is asked for a password here.</p><ul>${links.join('')}</ul>`;
}

function sendPage(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    })
    .end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Who are you?</title></head>
<body><main>${body}</main></body></html>`);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > BODY_MAX_BYTES) return '';
  }
  return body;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
