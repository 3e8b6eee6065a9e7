/** So many times within WINDOW_MS a policy or tool may keep the thread before it is not asked for a while. */
export const SUBJECT_MAX_STUCK = 3;
/** As many of a tenant's, whichever they are: then none of its code is asked. */
export const TENANT_MAX_STUCK = 10;
export const WINDOW_MS = 60_000;
/** The first silence; each that follows is twice as long, up to the longest. */
export const SILENCE_FIRST_MS = 30_000;
export const SILENCE_MAX_MS = 10 * 60_000;
/** Where nothing got stuck for so long after its silence, it begins anew. */
export const FORGET_MS = 10 * 60_000;

/** Every subject of a tenant. */
export const EVERYTHING = '*';
const SUBJECTS_MAX = 1_000;

interface Trip {
  /** Not older than the window, and not more than are needed. */
  recentMs: readonly number[];
  silenceMs: number;
  silentUntilMs: number;
}

/**
 * Which code did not come back, by tenant and subject (a policy's id, or `connector:tool`). A circuit breaker: tripped by
 * several times within a minute, then asked once after each silence. Times are milliseconds of any one clock.
 */
export interface StuckHistory {
  /** `*`: it was somebody's of the tenant. */
  note(tenant: string, subject: string, nowMs: number): void;
  /** Whose code is not to be asked now; `*` where it is all. Empty for almost everybody. */
  silentOf(tenant: string, nowMs: number): readonly string[];
  /** Whether the tenant's code got stuck lately, so that others had better not wait for it. */
  isSuspect(tenant: string, nowMs: number): boolean;
  /** The code has changed: it is asked again at once. Who was suspect stays so. */
  forgive(): void;
}

export function createStuckHistory(): StuckHistory {
  const tenants = new Map<string, Map<string, Trip>>();

  function note(tenant: string, subject: string, nowMs: number): void {
    const trips = tenants.get(tenant) ?? new Map<string, Trip>();
    tenants.set(tenant, trips);
    for (const [name, trip] of trips) if (isForgotten(trip, nowMs)) trips.delete(name);
    trips.set(EVERYTHING, stuck(trips.get(EVERYTHING), nowMs, TENANT_MAX_STUCK));
    if (subject !== EVERYTHING && (trips.has(subject) || trips.size < SUBJECTS_MAX)) {
      trips.set(subject, stuck(trips.get(subject), nowMs, SUBJECT_MAX_STUCK));
    }
  }

  return {
    note,
    silentOf(tenant, nowMs) {
      const trips = tenants.get(tenant);
      if (!trips) return [];
      return [...trips].flatMap(([subject, { silentUntilMs }]) => (silentUntilMs > nowMs ? [subject] : []));
    },
    isSuspect(tenant, nowMs) {
      const trips = tenants.get(tenant);
      const all = trips?.get(EVERYTHING);
      if (all && !isForgotten(all, nowMs)) return true;
      if (trips) tenants.delete(tenant);
      return false;
    },
    forgive() {
      for (const trips of tenants.values()) {
        for (const [subject, { recentMs }] of trips) {
          if (subject !== EVERYTHING) trips.delete(subject);
          else trips.set(subject, { recentMs: recentMs.slice(-1), silenceMs: 0, silentUntilMs: 0 });
        }
      }
    },
  };
}

function stuck(before: Trip | undefined, nowMs: number, max: number): Trip {
  const recentMs = [...(before?.recentMs ?? []).filter((at) => nowMs - at < WINDOW_MS), nowMs].slice(-max);
  const silenceMs = before?.silenceMs ?? 0;
  if (silenceMs === 0 && recentMs.length < max) return { recentMs, silenceMs, silentUntilMs: 0 };
  // Within a silence nothing more can be learned of it.
  if (before && before.silentUntilMs > nowMs) return { ...before, recentMs };
  const next = silenceMs === 0 ? SILENCE_FIRST_MS : Math.min(silenceMs * 2, SILENCE_MAX_MS);
  return { recentMs, silenceMs: next, silentUntilMs: nowMs + next };
}

function isForgotten({ recentMs, silentUntilMs }: Trip, nowMs: number): boolean {
  return nowMs - Math.max(recentMs.at(-1) ?? 0, silentUntilMs) > FORGET_MS;
}
