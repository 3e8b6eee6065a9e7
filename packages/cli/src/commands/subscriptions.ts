import type { SourceInfo } from '@holdpoint/sdk/client';
import type { Command, Invocation } from '../command.ts';

export const subscriptions: Command = {
  options: [],
  words: ['[AGENT]'],
  async run({ client, words: [agent] }) {
    const all = (await allSources(client)).flatMap((source) => subscriptionOf(source) ?? []);
    const items = all.filter((one) => agent === undefined || one.agent === agent);
    return {
      data: { items },
      table: {
        head: ['AGENT', 'SUBSCRIPTION', 'SOURCE', 'PATH'],
        rows: items.map((one) => [one.agent, one.subscription, one.source, one.path]),
        none: agent === undefined ? 'no source names a subscription' : `no source names a subscription of ${agent}`,
      },
    };
  },
};

async function allSources(client: Invocation['client']): Promise<SourceInfo[]> {
  let page = await client.events.sources({ limit: 200 });
  const sources = [...page.items];
  while (page.next_cursor) {
    page = await client.events.sources({ limit: 200, cursor: page.next_cursor });
    sources.push(...page.items);
  }
  return sources;
}

/** Of `/agents/<agent>/subscriptions/<subscription>`. */
function subscriptionOf({ id, subscription_path: path }: SourceInfo) {
  const [, , agent, , subscription] = path?.split('/') ?? [];
  return path && agent && subscription ? { agent, subscription, source: id, path } : undefined;
}
