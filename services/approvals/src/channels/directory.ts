import { sha256 } from '@holdpoint/shared/domain/digest';
import type { Channel, SlackChannel } from '@holdpoint/shared/workspace/notifications';

/** The channels of the workspace as it was when the service started. */
export interface Directory {
  /** Those that have any. */
  readonly tenants: readonly string[];
  of(tenant: string): readonly Channel[];
  find(tenant: string, id: string): Channel | undefined;
  slackOf(tenant: string): readonly SlackChannel[];
}

export function createDirectory(channels: ReadonlyMap<string, readonly Channel[]>): Directory {
  const of = (tenant: string): readonly Channel[] => channels.get(tenant) ?? [];
  return {
    tenants: [...channels].filter(([, list]) => list.length > 0).map(([tenant]) => tenant),
    of,
    find: (tenant, id) => of(tenant).find((channel) => channel.id === id),
    slackOf: (tenant) => of(tenant).filter((channel) => channel.type === 'slack'),
  };
}

/** Where a channel leads, so that one that was led elsewhere is another. */
export function targetOf(channel: Channel): string {
  switch (channel.type) {
    case 'webhook':
      return sha256(channel.url);
    case 'slack':
      return sha256(`${channel.apiUrl} ${channel.channel}`);
    case 'email':
      return sha256(`${channel.smtp} ${channel.to.join(' ')}`);
    default:
      return channel satisfies never;
  }
}
