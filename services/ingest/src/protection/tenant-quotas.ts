import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Clock } from '@holdpoint/shared/runtime/clock';
import type { QuotaShares } from '../core/quota-shares.ts';
import type { Usage } from '../store/add-usage.ts';

/** Thrown where a tenant has used up its part of the event store. */
export class OverQuota extends HoldpointError {
  constructor(maxBytes: number) {
    const message = `the tenant's quota in the event store is used up: ${maxBytes} bytes within seven days`;
    super('RATE_LIMIT', message, { quota_max_bytes: maxBytes, retry_after_seconds: RETRY_AFTER_SECONDS });
  }
}

/** Room comes back as events grow too old, by the hour. */
const RETRY_AFTER_SECONDS = 300;

/** What each tenant has put into the event store, as all instances together know it, and may still put there. */
export interface TenantQuotas {
  /** @throws {OverQuota} where nothing more would be taken */
  check(tenant: string): void;
  /** Sets room aside for what is being stored. @throws {OverQuota} where there is not so much */
  reserve(tenant: string, bytes: number): Reservation;
  /** What was stored and is not yet saved; whoever takes it says what became of it. */
  takeUnsaved(): readonly Usage[];
  saved(usage: readonly Usage[]): void;
  notSaved(usage: readonly Usage[]): void;
  /** What all instances saved, which replaces what was known of it. */
  known(bytesByTenant: ReadonlyMap<string, number>, shares: QuotaShares): void;
  usedBytes(tenant: string): number;
  maxBytes(tenant: string): number;
}

export interface Reservation {
  /** It was stored: it counts from now on. */
  stored(): void;
  /** Gives back what was not stored; after `stored` without effect. */
  release(): void;
}

const HOUR_MS = 3_600_000;

const TOLD_EVERY_MS = 60_000;

export interface TenantQuotasOptions {
  /** Until the stream itself has been asked. */
  readonly shares: QuotaShares;
  readonly clock: Clock;
  /** Told that something was refused, once in a while. */
  onOver(tenant: string, maxBytes: number): void;
}

export function tenantQuotas({ shares: initial, clock, onOver }: TenantQuotasOptions): TenantQuotas {
  let shares = initial;
  const toldAt = new Map<string, number>();
  let saved = new Map<string, number>();
  let unsaved = new Map<string, Usage>();
  /** Beside what is saved: being stored, or stored and not yet saved. */
  const beside = new Map<string, number>();
  const usedBytes = (tenant: string) => (saved.get(tenant) ?? 0) + (beside.get(tenant) ?? 0);

  function refuseBeyond(tenant: string, bytes: number): void {
    const maxBytes = shares.of(tenant);
    if (usedBytes(tenant) + bytes <= maxBytes) return;
    const now = clock().getTime();
    if (now - (toldAt.get(tenant) ?? Number.NEGATIVE_INFINITY) >= TOLD_EVERY_MS) {
      toldAt.set(tenant, now);
      onOver(tenant, maxBytes);
    }
    throw new OverQuota(maxBytes);
  }

  return {
    check: (tenant) => refuseBeyond(tenant, 1),
    reserve(tenant, bytes) {
      refuseBeyond(tenant, bytes);
      add(beside, tenant, bytes);
      let open = true;
      return {
        stored() {
          open = false;
          const hour = new Date(Math.floor(clock().getTime() / HOUR_MS) * HOUR_MS).toISOString();
          merge(unsaved, { tenant, hour, bytes });
        },
        release() {
          if (open) add(beside, tenant, -bytes);
          open = false;
        },
      };
    },
    takeUnsaved() {
      const taken = [...unsaved.values()];
      unsaved = new Map();
      return taken;
    },
    saved(usage) {
      for (const { tenant, bytes } of usage) {
        add(beside, tenant, -bytes);
        add(saved, tenant, bytes);
      }
    },
    notSaved(usage) {
      for (const one of usage) merge(unsaved, one);
    },
    known(bytesByTenant, newShares) {
      saved = new Map(bytesByTenant);
      shares = newShares;
    },
    usedBytes,
    maxBytes: (tenant) => shares.of(tenant),
  };
}

const add = (map: Map<string, number>, tenant: string, bytes: number) =>
  map.set(tenant, (map.get(tenant) ?? 0) + bytes);

function merge(map: Map<string, Usage>, usage: Usage): void {
  const key = `${usage.tenant} ${usage.hour}`;
  map.set(key, { ...usage, bytes: usage.bytes + (map.get(key)?.bytes ?? 0) });
}
