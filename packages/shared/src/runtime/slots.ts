/** Places that are taken for a while by callers who keep a connection open. */
export interface Slots {
  /** Gives back how to leave it again, once; undefined where all are taken, or all of this caller's. */
  take(caller: string): (() => void) | undefined;
  readonly taken: number;
}

export interface SlotsOptions {
  readonly max: number;
  /** So that one caller does not have them all. */
  readonly maxPerCaller: number;
}

export function createSlots({ max, maxPerCaller }: SlotsOptions): Slots {
  const byCaller = new Map<string, number>();
  let taken = 0;
  return {
    take(caller) {
      const own = byCaller.get(caller) ?? 0;
      if (taken >= max || own >= maxPerCaller) return undefined;
      taken += 1;
      byCaller.set(caller, own + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        taken -= 1;
        const others = (byCaller.get(caller) ?? 1) - 1;
        if (others > 0) byCaller.set(caller, others);
        else byCaller.delete(caller);
      };
    },
    get taken() {
      return taken;
    },
  };
}

/** Whose places they are: names hold no space. */
export function callerOf({ tenant, principal }: { readonly tenant: string; readonly principal: string }): string {
  return `${tenant} ${principal}`;
}
