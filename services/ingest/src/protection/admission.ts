import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { IngestLimits } from '@holdpoint/shared/runtime/config';
import type { Rate } from '@holdpoint/shared/runtime/token-bucket';
import type { Redis } from 'ioredis';
import type { DeliveryResult } from '../metrics.ts';
import type { Source } from '../source-registry.ts';
import { addressGroup } from './allow-list.ts';
import { rateLimiter } from './rate-limiter.ts';

/** Thrown for a delivery that is not heard: its body is not read. */
export class NotAdmitted extends HoldpointError {
  readonly result: DeliveryResult;

  constructor(result: 'rate_limited' | 'forbidden', message: string, retryAfterMs?: number) {
    const details =
      retryAfterMs === undefined ? {} : { retry_after_seconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) };
    super(result === 'forbidden' ? 'FORBIDDEN' : 'RATE_LIMIT', message, details);
    this.result = result;
  }
}

/**
 * Who is heard at all, and how often. What is verified counts against its source and its tenant; what is refused, or led
 * nowhere, against the address that it came from. So neither a stranger's garbage uses up what a source may take, nor do a
 * provider's busy addresses use up what a stranger may try.
 */
export interface Admission {
  /** Before a body is read. @throws {NotAdmitted} */
  admit(source: Source, address: string): Promise<void>;
  /** A request that leads to no source. @throws {NotAdmitted} */
  admitUnknown(address: string): void;
  /** What was admitted was verified. */
  verified(source: Source, address: string): void;
  /** What was admitted was not believed: it costs its address, not the source. */
  refused(source: Source, address: string): void;
}

const ADDRESSES_MAX = 20_000;
const NAMES_MAX = 250_000;
/** Pairs of an address and a source. */
const VERIFIED_MAX = 20_000;

export function admission(
  redis: Redis,
  limits: IngestLimits,
  rateOfTenant: (tenant: string) => Rate | undefined,
): Admission {
  const sources = rateLimiter({ redis, kind: 'source', namesMax: NAMES_MAX });
  const tenants = rateLimiter({ redis, kind: 'tenant', namesMax: NAMES_MAX });
  const addresses = rateLimiter({ redis, kind: 'address', namesMax: ADDRESSES_MAX });
  /** Where something verified came from since the start: a provider's addresses are shared by honest and others. */
  const honest = new Set<string>();

  const tenantRate = (tenant: string) => rateOfTenant(tenant) ?? limits.tenantRate;
  const nameOf = ({ tenant, id }: Source) => `${tenant}/${id}`;
  const pair = (source: Source, group: string) => `${nameOf(source)} ${group}`;
  const charge = (group: string) => void addresses.take(group, limits.addressRate);

  function refuseBusyAddress(group: string): void {
    const waitMs = addresses.dryForMs(group, limits.addressRate);
    if (waitMs > 0) throw new NotAdmitted('rate_limited', 'too many requests from this address', waitMs);
  }

  return {
    async admit(source, address) {
      const group = addressGroup(address);
      if (!honest.has(pair(source, group))) refuseBusyAddress(group);
      if (source.allows && !source.allows(address)) {
        charge(group);
        throw new NotAdmitted('forbidden', 'not allowed');
      }
      const { rateLimit } = source;
      const ownWaitMs = rateLimit ? await sources.take(nameOf(source), rateLimit) : 0;
      if (ownWaitMs > 0) throw new NotAdmitted('rate_limited', 'too many deliveries to this source', ownWaitMs);
      const waitMs = await tenants.take(source.tenant, tenantRate(source.tenant));
      if (waitMs === 0) return;
      if (rateLimit) sources.give(nameOf(source), rateLimit);
      throw new NotAdmitted('rate_limited', "too many deliveries to this source's tenant", waitMs);
    },
    admitUnknown(address) {
      const group = addressGroup(address);
      refuseBusyAddress(group);
      charge(group);
    },
    verified(source, address) {
      const known = pair(source, addressGroup(address));
      // The one unused for longest is forgotten.
      honest.delete(known);
      honest.add(known);
      if (honest.size > VERIFIED_MAX) honest.delete(honest.values().next().value as string);
    },
    refused(source, address) {
      charge(addressGroup(address));
      if (source.rateLimit) sources.give(nameOf(source), source.rateLimit);
      tenants.give(source.tenant, tenantRate(source.tenant));
    },
  };
}
