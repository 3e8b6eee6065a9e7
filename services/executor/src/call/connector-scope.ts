import { AsyncLocalStorage } from 'node:async_hooks';

/** Whose code runs, and how its words are made safe to log. */
export interface ConnectorScope {
  readonly connector: string;
  /** Absent while it is loaded, initialised or closed. */
  readonly actionId?: string;
  readonly scrub: (text: string) => string;
}

/** One a process: what it follows are the process's own timers, sockets and promises. */
const scopes = new AsyncLocalStorage<ConnectorScope | undefined>();

/** Runs a connector's code so that whatever it leaves behind (a timer, a socket, a promise) is known to be its own. */
export function inConnector<T>(scope: ConnectorScope, run: () => T): T {
  return scopes.run(scope, run);
}

/** Runs our own code on a connector's behalf: what it leaves behind is ours. */
export function outsideConnector<T>(run: () => T): T {
  return scopes.run(undefined, run);
}

/** Whose code this is, or left behind what now speaks. */
export function currentConnector(): ConnectorScope | undefined {
  return scopes.getStore();
}

/** From now on a connector that would end the process gets an error instead: others' calls are in flight. */
export function keepFromExiting(target: Pick<NodeJS.Process, 'exit' | 'abort'> = process): void {
  for (const name of ['exit', 'abort'] as const) {
    const end = target[name].bind(target) as (code?: number) => never;
    target[name] = (code?: number | string | null) => {
      const scope = currentConnector();
      if (scope) throw new Error(`connector ${scope.connector} called process.${name}, which ends nothing here`);
      return end(code as number);
    };
  }
}
