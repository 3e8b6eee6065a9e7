import { hookEntities } from '@holdpoint/hooks/hook-entities';
import { type AfterHookConsumers, runAfterHooks } from '@holdpoint/hooks/run-after-hooks';
import { openEntities } from '@holdpoint/shared/db/entities/open-entities';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import { startAfterActionHooks } from '../after-hooks/after-action-hooks.ts';
import type { Context } from '../context.ts';

/** Messages of outcomes that are run for at once, of one hook. */
const AT_ONCE_MAX = 8;
const LOOK_EVERY_MS = 1_000;

/**
 * Runs `after` hooks on actions. Once changed files are in force, hooks run as these have them; what still runs of the old ones
 * then is given its time to end, or comes again. @throws WorkspaceError where they do not load at the start
 */
export async function startAfterHooks(context: Context): Promise<{ stop(): Promise<void> }> {
  const { scorer, logger } = context;
  let version = scorer.book().version;
  let running = await run(context);
  const poll: Poll = startPoll({
    name: 'after hooks',
    everyMs: LOOK_EVERY_MS,
    async run(signal) {
      const now = scorer.book().version;
      if (now === version || signal.aborted) return;
      version = now;
      const old = running;
      running = await run(context);
      await old.stop();
    },
    // Files that changed once more since: they are looked at again when they are in force.
    onError: (err) => logger.error({ err, version }, 'changed `after` hooks do not start: those from before go on'),
  });
  return {
    async stop() {
      await poll.stop();
      await running.stop();
    },
  };
}

async function run({ config, scorer, db, nats, logger, countHookRun }: Context): Promise<AfterHookConsumers> {
  const started = await startAfterActionHooks({
    tenants: [...scorer.book().tenants.values()].flatMap((one) => (one.hasAfterHooks ? [one.tenant] : [])),
    workspaceDir: config.workspaceDir,
    countRun: countHookRun,
    entities: hookEntities(await openEntities(db, config.workspaceDir)),
    logger,
  });
  try {
    return await runAfterHooks({
      nats,
      logger,
      hooks: started.hooks,
      atOnceMax: AT_ONCE_MAX,
      endThreads: () => started.stop(),
    });
  } catch (error) {
    await started.stop();
    throw error;
  }
}
