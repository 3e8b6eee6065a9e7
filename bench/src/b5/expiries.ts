import { approvalSubjects } from '@holdpoint/shared/messages/subjects';
import { until } from '@holdpoint/stack/until';
import { now } from '../processes/tally.ts';
import type { Servers } from '../servers.ts';
import { quantile } from '../statistics.ts';
import { TENANT } from '../workspace.ts';
import { AUDIENCE, addPending } from './fill.ts';

const FIRST_IN_MS = 2_000;
/** Over five seconds: as many fall into one poll as not. */
const SPREAD_MS = 5_000;
const LATE_MAX_MS = 30_000;

export interface Lateness {
  readonly p50: number;
  readonly max: number;
}

/** How long after its time each of so many expiries is told, in milliseconds. */
export async function measureExpiries({ nats }: Servers, ownerUrl: string, count: number): Promise<Lateness> {
  const late = new Map<string, number>();
  const subscription = nats.nc.subscribe(approvalSubjects(TENANT), {
    callback(error, message) {
      if (error) return;
      const { id, status, expires_at } = message.json<{ id: string; status: string; expires_at: string }>();
      if (status === 'expired') late.set(id, now() - Date.parse(expires_at));
    },
  });
  try {
    await nats.nc.flush();
    const bornAtMs = Date.now();
    const expiry = { expiresAtMs: bornAtMs + FIRST_IN_MS, expiresEveryMs: Math.ceil(SPREAD_MS / count) };
    const ids = await addPending(ownerUrl, { rows: count, audience: AUDIENCE, bornAtMs, ...expiry });
    const all = await until(() => ids.every((id) => late.has(id)) || undefined, LATE_MAX_MS, 50);
    if (!all) throw new Error(`only ${late.size} of ${count} expiries were told`);
    const sorted = ids.map((id) => late.get(id) ?? Number.NaN).toSorted((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), max: sorted.at(-1) ?? Number.NaN };
  } finally {
    subscription.unsubscribe();
  }
}
