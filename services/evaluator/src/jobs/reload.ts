import { setTimeout as delay } from 'node:timers/promises';
import type { RejectedSet } from '@holdpoint/shared/domain/policy-change';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import { takeSnapshot } from '@holdpoint/shared/workspace/snapshot';
import { stampWorkspace, workspaceVersion } from '@holdpoint/shared/workspace/version';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import type { Context } from '../context.ts';
import { type Compared, NO_SET, type ShownSet } from '../core/policy-changes.ts';
import type { Effects } from '../scoring/compare-rules.ts';
import type { Book } from '../scoring/rules.ts';
import { announcePolicies } from '../store/announce-policies.ts';

/** Between two looks. A look asks for each file's time; watchers would be held by every folder of what is installed as well. */
const LOOK_EVERY_MS = 1_000;
/** Files that are being saved: two looks so far apart must agree. */
const SETTLE_MS = 200;
/** A file that is gone may be between two steps of its editor. */
const GONE_SETTLE_MS = 2_000;
/** Files that change all the time are looked at again in the next round. */
const SETTLE_LOOKS_MAX = 25;
const RESULTS = ['accepted', 'refused', 'failed'] as const;

type Stamps = ReadonlyMap<string, string>;

export interface Reload {
  /** What lies in the workspace and is not in force, for something is wrong with it. */
  rejected(): RejectedSet | undefined;
  stop(): Promise<void>;
}

/**
 * Puts changed files into force: looks at them every second, loads what has changed beside what is in force, announces it,
 * and only then lets it decide. What cannot be used is refused loudly, and what was in force stays until the files change again.
 */
export async function startReload(context: Context): Promise<Reload> {
  const { config, logger, metrics, scorer } = context;
  const results = metrics.counter('policy_reload_total', 'Changed workspaces, by what became of them', ['result']);
  for (const result of RESULTS) results.inc({ result }, 0);
  let rejected: RejectedSet | undefined;
  let looked: Stamps | undefined;
  /** What was there last, from before the first look on: what is gone of it may be gone for a moment only. */
  let there = await stampsOf(config.workspaceDir);
  let announced = false;

  function settledOn(stamps: Stamps): void {
    looked = stamps;
    there = stamps;
  }

  /** Once, before anything else: an outage at the start ends nothing. */
  async function announceFirst(): Promise<void> {
    if (announced) return;
    await announce(context, scorer.book());
    announced = true;
  }

  function refuse(version: string, error: WorkspaceError): void {
    const { issues } = error;
    results.inc({ result: 'refused' });
    rejected = { version, at: new Date().toISOString(), issues: [...issues] };
    logger.error({ version, in_force: scorer.book().version, issues }, 'the changed workspace is refused');
  }

  async function look(signal: AbortSignal): Promise<void> {
    await announceFirst();
    const seen = await stampsOf(config.workspaceDir);
    if (seen instanceof WorkspaceError) {
      if (rejected?.version !== UNREADABLE) refuse(UNREADABLE, seen);
      looked = undefined;
      return;
    }
    if (looked && sameStamps(seen, looked)) return;
    const settled = await settle(config.workspaceDir, seen, there, signal);
    if (!settled || signal.aborted) return;
    await load(settled);
  }

  async function load(settled: Stamps): Promise<void> {
    const { workspaceDir } = config;
    if ((await workspaceVersion(workspaceDir)) === scorer.book().version) {
      settledOn(settled);
      rejected = undefined;
      return;
    }
    let version = UNREADABLE;
    try {
      const snapshot = await takeSnapshot(workspaceDir);
      version = snapshot.version;
      await scorer.adopt(snapshot, async (next, before, effects) => {
        const now = await stampsOf(workspaceDir);
        if (now instanceof WorkspaceError || !sameStamps(now, settled)) throw new Superseded();
        await announce(context, next, { before, effects });
        rejected = undefined;
      });
      results.inc({ result: 'accepted' });
      logger.info({ version }, 'the changed workspace is in force');
    } catch (error) {
      if (error instanceof Superseded) return poll.nudge();
      if (!(error instanceof WorkspaceError)) throw error;
      refuse(version, error);
    }
    settledOn(settled);
  }

  // A first round of its own, so that what decides is announced before it decides, where the database is there.
  await announceFirst().catch((err: unknown) => logger.error({ err }, 'the policies in force are not announced yet'));
  const poll: Poll = startPoll({
    name: 'reload',
    everyMs: LOOK_EVERY_MS,
    run: look,
    onError(err) {
      results.inc({ result: 'failed' });
      logger.error({ err }, 'the workspace was not looked at; what is in force stays');
    },
  });
  return {
    rejected: () => rejected,
    stop: () => poll.stop(),
  };
}

const UNREADABLE = 'unreadable';

/** The files changed again while they were loaded. */
class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** Tenants that were there before and are no more are said to have nothing. */
function announce({ db, newId }: Context, next: Book, change?: { before: Book; effects: Effects }): Promise<number> {
  const gone = [...(change?.before.tenants.keys() ?? [])].filter((tenant) => !next.tenants.has(tenant));
  const sets = new Map<string, ShownSet>([...gone.map((tenant) => [tenant, NO_SET] as const), ...next.tenants]);
  const compared = [...(change?.effects ?? [])].map(([tenant, effects]): [string, Compared] => {
    return [tenant, { with: change?.before.tenants.get(tenant)?.version, effects }];
  });
  return announcePolicies(db, sets, new Map(compared), newId);
}

/** A workspace that cannot be read is refused like one that cannot be loaded. */
async function stampsOf(dir: string): Promise<Stamps | WorkspaceError> {
  try {
    return await stampWorkspace(dir);
  } catch (error) {
    if (error instanceof WorkspaceError) return error;
    return new WorkspaceError([{ file: '.', path: '', reason: `cannot be read: ${(error as Error).message}` }]);
  }
}

/** Waits until two looks agree; longer where files are gone. Undefined where the files do not come to rest. */
async function settle(
  dir: string,
  first: Stamps,
  there: Stamps | WorkspaceError,
  signal: AbortSignal,
): Promise<Stamps | undefined> {
  const known = there instanceof WorkspaceError ? [] : [...there.keys()];
  let seen = first;
  for (let looks = 0; looks < SETTLE_LOOKS_MAX && !signal.aborted; looks += 1) {
    const gone = known.some((file) => !seen.has(file));
    await delay(gone ? GONE_SETTLE_MS : SETTLE_MS, undefined, { signal }).catch(() => undefined);
    const now = await stampsOf(dir);
    if (now instanceof WorkspaceError) return undefined;
    if (sameStamps(now, seen)) return now;
    seen = now;
  }
  return undefined;
}

function sameStamps(a: Stamps, b: Stamps): boolean {
  return a.size === b.size && [...a].every(([file, stamp]) => b.get(file) === stamp);
}
