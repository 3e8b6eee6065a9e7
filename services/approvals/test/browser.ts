import type { Issuer } from './fixtures.ts';

export interface BrowserAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  readonly body: any;
}

/** What a browser keeps and sends: one cookie jar, as its script uses it. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly url: string;
  csrf = '';

  constructor(url: string) {
    this.url = url;
  }

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async signIn(token: string, headers: Record<string, string> = {}): Promise<BrowserAnswer> {
    const answer = await this.send('POST', '/console/sign-in', { body: { token }, headers });
    if (answer.status === 200) this.csrf = answer.body.csrf;
    return answer;
  }

  /** As a form does. */
  async submit(path: string, fields: Record<string, string>): Promise<BrowserAnswer> {
    return this.#fetch(path, this.url, {
      method: 'POST',
      headers: { cookie: this.cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    });
  }

  /** With the CSRF token, as the console's script sends it, unless the headers say otherwise. */
  async send(
    method: string,
    path: string,
    { body, headers = {}, url = this.url }: { body?: unknown; headers?: Record<string, string>; url?: string } = {},
  ): Promise<BrowserAnswer> {
    return this.#fetch(path, url, {
      method,
      headers: {
        ...(this.cookies.size > 0 && { cookie: this.cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(method !== 'GET' && this.csrf && { 'x-csrf-token': this.csrf }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async #fetch(path: string, url: string, init: RequestInit): Promise<BrowserAnswer> {
    const response = await fetch(new URL(path, url), { redirect: 'manual', ...init });
    for (const set of response.headers.getSetCookie()) this.#keep(set);
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  }

  #keep(set: string): void {
    const [pair = ''] = set.split(';');
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

export async function signedIn(url: string, issuer: Issuer, name = 'alice', groups = ['reviewer'], claims = {}) {
  const browser = new Browser(url);
  const answer = await browser.signIn(await issuer.token(name, groups, claims));
  if (answer.status !== 200) throw new Error(`not signed in: ${JSON.stringify(answer.body)}`);
  return browser;
}
