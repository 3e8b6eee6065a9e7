import { AsyncLocalStorage } from 'node:async_hooks';

/** Whose code runs. */
export interface ConnectorScope {
  readonly connector: string;
  /** Told of an error that its code left behind and nobody caught. Must not throw. */
  readonly onStray: (error: unknown) => void;
}

export const STRAY = 'a connector left an error behind that nobody caught';

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

/** Hands an error that nobody caught to whom it belongs. False: it is no connector's. */
export function handStray(error: unknown): boolean {
  const scope = scopes.getStore();
  if (!scope) return false;
  outsideConnector(() => scope.onStray(error));
  return true;
}

/** From now on a connector that would end the process gets an error instead: others' calls are in flight. */
export function keepFromExiting(target: Pick<NodeJS.Process, 'exit' | 'abort'> = process): void {
  for (const name of ['exit', 'abort'] as const) {
    const end = target[name].bind(target) as (code?: number | string | null) => never;
    target[name] = (code?: number | string | null) => {
      const scope = scopes.getStore();
      if (scope) throw new Error(`connector ${scope.connector} called process.${name}, which ends nothing here`);
      return end(code);
    };
  }
}
