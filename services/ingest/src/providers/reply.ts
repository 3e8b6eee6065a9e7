import type { Reply } from './provider.ts';

/** For a provider that takes another status, or a body, for a failure. The event's id is in a header. */
export const emptyReply = (status: 200 | 204 | 401): Reply => ({ status, contentType: 'text/plain', body: '' });

export const jsonReply = (value: unknown): Reply => ({
  status: 200,
  contentType: 'application/json',
  body: JSON.stringify(value),
});
