import { createHash } from 'node:crypto';
import type { ConnectorContext } from '@holdpoint/sdk/define';
import { githubSettings } from './settings.ts';

/**
 * A comment of HTML, which GitHub keeps and does not show, and by which what an action has written is found again: the API
 * knows no idempotency key. Of the action's id only a hash is published.
 */
export function markerOf(actionId: string): string {
  return `<!-- holdpoint:${createHash('sha256').update(actionId).digest('hex').slice(0, 32)} -->`;
}

export function withMarker(body: string, ctx: ConnectorContext): string {
  if (!githubSettings(ctx.config).marker) return body;
  return body === '' ? markerOf(ctx.actionId) : `${body}\n\n${markerOf(ctx.actionId)}`;
}
