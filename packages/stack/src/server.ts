import { rm, writeFile } from 'node:fs/promises';
import { type Child, type ChildSpec, spawnChild } from './child.ts';
import { recordedPid, stopOrphan } from './orphan.ts';
import { freePort } from './port.ts';
import { messageOf, StackError } from './stack-error.ts';

const PORT_ATTEMPTS = 3;

export type Log = (line: string) => void;

/** A server of ours, on one port and one data folder for as long as it is held. */
export type ServerHandle = {
  readonly pid: number;
  start(): Promise<void>;
  /** Orderly; what was acknowledged is kept. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  restart(): Promise<void>;
};

export type ServerSpec = Omit<ChildSpec, 'args' | 'probe' | 'command'> & {
  readonly pidFile: string;
  /** Files in which the server itself records its pid, such as `postmaster.pid`. */
  readonly ownPidFiles?: readonly string[];
  readonly command: string;
  /** Writes what the port decides (configuration files) and says how to start. */
  readonly arrange: (port: number) => Promise<readonly string[]> | readonly string[];
  readonly probe: (port: number) => Promise<void>;
  /** A failed start that passes by itself, such as backends that have not noticed yet that their postmaster is gone. */
  readonly passes?: (message: string) => boolean;
};

export type OpenedServer = { readonly port: number; readonly handle: ServerHandle };

/** Starts the server on a free port, after the one that a previous parent may have left on the same data is gone. */
export async function openServer(spec: ServerSpec, log: Log): Promise<OpenedServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const handle = serverHandle(spec, port, log);
    try {
      await handle.start();
      return { port, handle };
    } catch (error) {
      // Another process may have taken the port between our look and the server's.
      if (attempt === PORT_ATTEMPTS || !/address already in use/i.test(messageOf(error))) throw error;
    }
  }
}

function serverHandle(spec: ServerSpec, port: number, log: Log): ServerHandle {
  let child: Child | undefined;
  const start = async (): Promise<void> => {
    if (child?.running()) return;
    child = await startOnce(spec, port);
    const { exited, pid } = child;
    void exited.then((how) => {
      if (child?.pid === pid) log(`${spec.name} (process ${pid}) ended by itself: ${how}; see ${spec.logFile}`);
    });
  };
  const end = async (how: 'stop' | 'kill'): Promise<void> => {
    const ending = child;
    child = undefined;
    await ending?.[how]();
    await rm(spec.pidFile, { force: true });
  };
  return {
    get pid() {
      if (child === undefined) throw new StackError(`${spec.name} is not running`);
      return child.pid;
    },
    start,
    stop: () => end('stop'),
    kill: () => end('kill'),
    restart: async () => {
      await end('stop');
      await start();
    },
  };
}

async function startOnce(spec: ServerSpec, port: number): Promise<Child> {
  await clearOrphans(spec);
  const args = await spec.arrange(port);
  const end = performance.now() + spec.readyDeadlineMs;
  for (;;) {
    const child = await spawnChild({ ...spec, args, probe: () => spec.probe(port) });
    try {
      await writeFile(spec.pidFile, `${child.pid}\n`, { mode: 0o600 });
      await child.ready();
      return child;
    } catch (error) {
      await child.kill();
      if (performance.now() > end || spec.passes?.(messageOf(error)) !== true) throw error;
    }
  }
}

async function clearOrphans(spec: ServerSpec): Promise<void> {
  for (const file of [spec.pidFile, ...(spec.ownPidFiles ?? [])]) {
    await stopOrphan(await recordedPid(file), spec.cwd, spec.stopSignal, spec.stopDeadlineMs);
    // Whoever has that pid now is not our server, yet Postgres would refuse to start while such a process lives.
    await rm(file, { force: true });
  }
}
