import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { dropSnapshot, type Snapshot } from '@holdpoint/shared/workspace/snapshot';
import { logFindings } from './lint-tenants.ts';
import { type ScoringThread, startScoringThread, type ThreadOptions } from './scoring-thread.ts';
import type { TenantSummary } from './tenant-summary.ts';

/** What the main thread knows of the rules in force. */
export interface Book {
  /** Of the workspace's files. */
  readonly version: string;
  readonly tenants: ReadonlyMap<string, TenantSummary>;
}

/** One version of the workspace: its files, of which threads are started for as long as it is in force. */
export interface Rules {
  readonly book: Book;
  readonly snapshot: Snapshot;
  /** Another thread of the same files. @throws HoldpointError DEPENDENCY_UNAVAILABLE where they load no longer */
  start(): Promise<ScoringThread>;
  drop(): Promise<void>;
}

/** Loads a snapshot in a thread of its own, which may fail without anybody's harm; then the snapshot is dropped. @throws WorkspaceError */
export async function loadRules(
  snapshot: Snapshot,
  options: ThreadOptions,
): Promise<{ readonly rules: Rules; readonly thread: ScoringThread }> {
  try {
    const thread = await startScoringThread(snapshot, options, true);
    logFindings(options.logger, thread.tenants);
    const tenants = new Map(thread.tenants.map((tenant) => [tenant.tenant, tenant]));
    const rules: Rules = {
      book: { version: snapshot.version, tenants },
      snapshot,
      async start() {
        try {
          return await startScoringThread(snapshot, options);
        } catch (cause) {
          options.logger.error({ err: cause, version: snapshot.version }, 'rules that had loaded load no longer');
          throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the rules do not load', {}, { cause });
        }
      },
      drop: () => dropSnapshot(snapshot),
    };
    return { rules, thread };
  } catch (error) {
    await dropSnapshot(snapshot);
    throw error;
  }
}
