import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import type { ConnectorHooks } from '../worker/connector-hooks.ts';

/** Asks connectors how they are, for `/readyz` and metrics; one that fails makes the service no less ready for the others. */
export function startConnectorHealth({ connectors, connectorNotes, config, metrics, logger }: Context): Poll {
  const healthy = metrics.all.gauge('connector_healthy', 'Whether a connector says that it is well', ['connector']);
  const failing = new Map<string, string>();
  /** Asked and left behind, for its time was up: not asked again before it has answered. */
  const asked = new Set<string>();

  async function ask({ name, health }: ConnectorHooks): Promise<string | undefined> {
    if (asked.has(name)) return failing.get(name);
    asked.add(name);
    const done = () => asked.delete(name);
    try {
      await health?.(done);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async function look(hooks: ConnectorHooks): Promise<void> {
    const { name } = hooks;
    const why = await ask(hooks);
    healthy.set({ connector: name }, why === undefined ? 1 : 0);
    connectorNotes.note(name, 'health', why === undefined ? undefined : `failing: ${why}`);
    if (why !== undefined && !failing.has(name))
      logger.warn({ connector: name, reason: why }, 'a connector is not well');
    if (why === undefined && failing.delete(name)) logger.info({ connector: name }, 'a connector is well again');
    if (why !== undefined) failing.set(name, why);
  }

  return startPoll({
    name: 'connector health',
    everyMs: config.limits.connectorHealthEveryMs,
    run: () => Promise.all(connectors.hooks.filter(({ health }) => health).map(look)),
    onError: (err) => logger.warn({ err }, 'the health of connectors could not be asked'),
  });
}
