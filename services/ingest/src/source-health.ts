import { refusalHelp } from './core/refusal-help.ts';
import type { DeliveryResult } from './metrics.ts';
import type { Refused } from './providers/provider.ts';
import type { Source } from './source-registry.ts';
import type { SourceResult } from './store/add-source-results.ts';

/** How one delivery of a source ended. */
export interface Ended {
  readonly result: DeliveryResult;
  /** Of a verified one. */
  readonly eventId?: string | undefined;
  /** Why it was not believed. */
  readonly refused?: Refused | undefined;
}

/** What this instance saw of each source and has not yet saved. Bounded: a few results a source, whatever is sent. */
export interface SourceHealth {
  note(source: Source, ended: Ended, at: Date): void;
  /** Whoever takes it says what became of it. */
  takeUnsaved(): readonly SourceResult[];
  notSaved(results: readonly SourceResult[]): void;
}

interface Noted {
  readonly source: Source;
  readonly result: DeliveryResult;
  count: number;
  at: Date;
  eventId: string | undefined;
  refused: Refused | undefined;
}

export function sourceHealth(): SourceHealth {
  let noted = new Map<string, Noted>();
  let returned: readonly SourceResult[] = [];

  return {
    note(source, { result, eventId, refused }, at) {
      const key = `${source.tenant}/${source.id} ${result}`;
      const known = noted.get(key);
      if (!known) noted.set(key, { source, result, count: 1, at, eventId, refused });
      else Object.assign(known, { count: known.count + 1, at, eventId: eventId ?? known.eventId, refused });
    },
    takeUnsaved() {
      const taken = merged([...returned, ...[...noted.values()].map(toRow)]);
      noted = new Map();
      returned = [];
      return taken;
    },
    notSaved(results) {
      returned = merged([...results, ...returned]);
    },
  };
}

function toRow({ source, result, count, at, eventId, refused }: Noted): SourceResult {
  return {
    tenant: source.tenant,
    source: source.id,
    result,
    count,
    last_at: at.toISOString(),
    event: eventId ?? null,
    reason: refused?.reason ?? null,
    help: refused ? refusalHelp(refused, source.provider) : null,
  };
}

/** One row a key, the earlier ones first: of each the last is kept. */
function merged(rows: readonly SourceResult[]): SourceResult[] {
  const byKey = new Map<string, SourceResult>();
  for (const row of rows) {
    const key = `${row.tenant}/${row.source} ${row.result}`;
    byKey.set(key, { ...row, count: row.count + (byKey.get(key)?.count ?? 0) });
  }
  return [...byKey.values()];
}
