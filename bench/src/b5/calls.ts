import { quantile } from '../statistics.ts';

/** A service with a person's token. */
export interface Door {
  readonly url: string;
  readonly token: string;
}

export async function ask({ url, token }: Door, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** How long one takes that comes alone: the median in milliseconds of so many, after some that warm up. */
export async function medianMs(count: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const warmUp = Math.ceil(count / 5);
  const times: number[] = [];
  for (let index = 0; index < count + warmUp; index += 1) {
    const startedAt = performance.now();
    await call(index);
    if (index >= warmUp) times.push(performance.now() - startedAt);
  }
  return quantile(
    times.toSorted((a, b) => a - b),
    0.5,
  );
}
