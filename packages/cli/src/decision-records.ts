import type { HoldpointClient, RecordQuery } from '@holdpoint/sdk/client';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import type { Values } from './command-line.ts';
import { timeFrom } from './times.ts';
import { UsageError } from './usage.ts';

const PAGE_MAX = 200;

/** What was decided in a stretch of time, a page in memory at a time. */
export interface DecisionRecords {
  readonly tenant: string;
  /** From the first one on; each time anew. */
  pages(): AsyncGenerator<readonly DecisionRecord[]>;
}

/** Asks for the first page, which tells whose records these are. */
export async function openRecords(client: HoldpointClient, query: RecordQuery): Promise<DecisionRecords> {
  const first = await client.policies.records({ ...query, limit: 1 });
  return { tenant: first.tenant, pages: () => pages(client, query) };
}

async function* pages(client: HoldpointClient, query: RecordQuery): AsyncGenerator<readonly DecisionRecord[]> {
  for (let cursor: string | undefined; ; ) {
    const page = await client.policies.records({ ...query, limit: PAGE_MAX, cursor });
    if (page.items.length > 0) yield page.items;
    if (!page.next_cursor) return;
    cursor = page.next_cursor;
  }
}

/** `--since` and `--until`, as times; both ends stand still, so that a second look finds the same. */
export function stretchOf(
  { since, until }: Values,
  sinceDefault: string,
  nowMs: number,
): { since: string; until: string } {
  return { since: timeOf('since', since ?? sinceDefault, nowMs), until: timeOf('until', until ?? '0m', nowMs) };
}

/** `30d`, `12h`, `90m` ago, or a time as RFC 3339 writes it. */
function timeOf(name: string, text: string, nowMs: number): string {
  const at = timeFrom(text, nowMs, -1);
  if (Number.isNaN(at)) throw new UsageError(`--${name} must be a time, or how long ago, such as 30d, 12h or 90m`);
  return new Date(at).toISOString();
}

/** Whose rules are taken: those of the tenant that the records are of. */
export function tenantOf({ tenant }: Values, recorded: string): string {
  if (tenant === undefined || tenant === recorded) return recorded;
  throw new UsageError(`--tenant ${tenant}: the key is of ${recorded}, and so are the records`);
}
