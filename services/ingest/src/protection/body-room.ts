/** How many bytes of bodies an instance holds at once, from their first chunk to their answer. */
export interface BodyRoom {
  enter(tenant: string): BodyPlace;
  bytes(): number;
}

export interface BodyPlace {
  /** Takes so many bytes more; false where there is no room for them. */
  grow(bytes: number): boolean;
  /** Gives everything back. */
  leave(): void;
}

/** Of the room, to one tenant: bodies that never end then keep out that tenant's at most. */
const TENANT_SHARE = 0.5;

/**
 * Counts what has arrived, not what `Content-Length` promises: else whoever promises much and sends nothing would keep
 * everybody else out.
 */
export function bodyRoom(maxBytes: number): BodyRoom {
  let held = 0;
  const byTenant = new Map<string, number>();
  const add = (tenant: string, bytes: number) => {
    held += bytes;
    byTenant.set(tenant, (byTenant.get(tenant) ?? 0) + bytes);
  };
  return {
    bytes: () => held,
    enter(tenant) {
      let own = 0;
      let left = false;
      return {
        grow(bytes) {
          const ofTenant = byTenant.get(tenant) ?? 0;
          if (left || held + bytes > maxBytes || ofTenant + bytes > maxBytes * TENANT_SHARE) return false;
          own += bytes;
          add(tenant, bytes);
          return true;
        },
        leave() {
          left = true;
          add(tenant, -own);
          own = 0;
        },
      };
    },
  };
}
