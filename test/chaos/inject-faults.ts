import { setTimeout as pause } from 'node:timers/promises';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { Redis } from 'ioredis';
import { SEEN_POINTS, type SeenPoint } from './core/far-end-protocol.ts';
import {
  type Fault,
  type FaultAction,
  type KillPoint,
  nameOfFault,
  type ServerTarget,
  type ServiceTarget,
} from './core/fault-schedule.ts';
import type { ProcessStop } from './core/history.ts';
import type { Moments, Promised } from './core/moments.ts';
import type { Random } from './core/random.ts';
import type { Link } from './link.ts';
import type { KeptProcess } from './process.ts';
import { type CommitPoint, type CommitSignals, listenForCommits } from './store/commit-signals.ts';
import type { System } from './system.ts';

/** How long a point is waited for; a system that is down does not reach it. */
const POINT_MAX_MS = 8_000;
/** After an answer has left: about as long as it takes to be recorded. */
const AFTER_ANSWER_MAX_MS = 6;

export interface FaultLog {
  /** Of each kind, how many happened. */
  readonly injected: Map<string, number>;
  /** Of each kind, how many found nothing to hit. */
  readonly missed: Map<string, number>;
  stops(): ProcessStop[];
}

/** Does what the schedule says, at its time; resolves when the last is over and every server runs again. */
export async function injectFaults(
  system: System,
  options: {
    readonly schedule: readonly Fault[];
    readonly random: Random;
    readonly promised: Moments<Promised>;
    readonly signal: AbortSignal;
    note(text: string): void;
  },
): Promise<FaultLog> {
  const { schedule, signal, note } = options;
  const injected = new Map<string, number>();
  const missed = new Map<string, number>();
  const commits = listenForCommits(system.stack.databaseOwnerUrl);
  const injector = openInjector(system, { ...options, commits });
  const startedAt = performance.now();
  const underWay: Promise<void>[] = [];
  for (const fault of schedule) {
    const waitMs = fault.atMs - (performance.now() - startedAt);
    if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const name = nameOfFault(fault.action);
    underWay.push(
      injector.inject(fault).then((hit) => {
        const counts = hit ? injected : missed;
        counts.set(name, (counts.get(name) ?? 0) + 1);
        note(`${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${name}${hit ? '' : ' (nothing to hit)'}`);
      }),
    );
  }
  await Promise.all(underWay);
  await commits.stop();
  const processes = Object.values(system.services).flatMap((instances) => instances.map((one) => one.process));
  return { injected, missed, stops: () => processes.flatMap(({ stops }) => [...stops]) };
}

function openInjector(
  system: System,
  {
    commits,
    promised,
    random,
    signal,
  }: {
    readonly commits: CommitSignals;
    readonly promised: Moments<Promised>;
    readonly random: Random;
    readonly signal: AbortSignal;
  },
) {
  const locks = new Map<ServerTarget | Link | KeptProcess, Promise<unknown>>();

  /** One thing at a time is done to a server, to a link, or to a process's clock. */
  function locked<T>(target: ServerTarget | Link | KeptProcess, work: () => Promise<T>): Promise<T> {
    const next = (locks.get(target) ?? Promise.resolve()).then(work);
    locks.set(
      target,
      next.catch(() => {}),
    );
    return next;
  }

  async function outage(server: ServerTarget, how: 'kill' | 'stop', ms: number): Promise<boolean> {
    return locked(server, async () => {
      await system.servers[server][how]();
      await pause(ms, undefined, { signal }).catch(() => {});
      await system.servers[server].start();
      return true;
    });
  }

  /** Its sockets take what they are sent, and nobody reads it. */
  async function stall(server: ServerTarget, ms: number, thenKill: boolean): Promise<boolean> {
    return locked(server, async () => {
      const { pid } = system.servers[server];
      process.kill(pid, 'SIGSTOP');
      await pause(ms, undefined, { signal }).catch(() => {});
      if (thenKill) await system.servers[server].kill();
      else process.kill(pid, 'SIGCONT');
      await system.servers[server].start();
      return true;
    });
  }

  /** One cut at a time of each link: a second waits for the first. */
  async function cut(action: Extract<FaultAction, { do: 'cut' }>, instance: number, ms: number): Promise<boolean> {
    const link = system.services[action.service][instance]?.links[action.server];
    if (link === undefined) return false;
    return locked(link, async () => {
      await link.cut(action.how);
      await pause(ms, undefined, { signal }).catch(() => {});
      await link.heal();
      return true;
    });
  }

  async function setClock(
    { service, all }: Extract<FaultAction, { do: 'set clock' }>,
    instance: number,
    offsetMs: number,
    ms: number,
  ): Promise<boolean> {
    const found = system.services[service].filter((_, index) => all || index === instance);
    const set = found.map(({ process }) =>
      locked(process, async () => {
        process.setClock(offsetMs);
        await pause(ms, undefined, { signal }).catch(() => {});
        process.setClock(0);
      }),
    );
    await Promise.all(set);
    return found.length > 0;
  }

  /** A NATS that could not write once stores nothing until it is started again, whatever space there is by then. */
  async function fillDisk(ms: number, orderly: boolean): Promise<boolean> {
    const { natsDisk } = system;
    if (natsDisk === undefined) return false;
    return locked('nats', async () => {
      const full = await natsDisk.fill();
      await pause(ms, undefined, { signal }).catch(() => {});
      // One that dies on a full disk comes back from what it had written by then.
      if (!orderly) await system.servers.nats.kill();
      await natsDisk.free();
      if (orderly) await system.servers.nats.stop();
      await system.servers.nats.start();
      return full;
    });
  }

  async function fillStreams(ms: number): Promise<boolean> {
    return locked('nats', async () => {
      const { streams } = system.nats.jsm;
      const filled = await Promise.all(
        [STREAMS.EVENTS, STREAMS.PLANS].map(async ({ name }) => {
          const { state } = await streams.info(name);
          return streams.update(name, { max_bytes: Math.max(state.bytes, 1) });
        }),
      ).catch(() => undefined);
      await pause(ms, undefined, { signal }).catch(() => {});
      for (const { name, max_bytes } of [STREAMS.EVENTS, STREAMS.PLANS]) await streams.update(name, { max_bytes });
      return filled !== undefined;
    });
  }

  function emptyRedis(): Promise<boolean> {
    return locked('redis', async () => {
      const redis = new Redis(system.stack.redisUrl, { maxRetriesPerRequest: 0, retryStrategy: () => null });
      redis.on('error', () => {});
      try {
        return (await redis.flushall()) === 'OK';
      } catch {
        return false;
      } finally {
        redis.disconnect();
      }
    });
  }

  const pidsOf = (service: ServiceTarget): number[] =>
    system.services[service].flatMap(({ process }) => process.pid() ?? []);
  const killAll = (services: readonly ServiceTarget[]): void => {
    for (const service of services) for (const { process } of system.services[service]) process.kill();
  };

  async function killAt(point: KillPoint): Promise<boolean> {
    if (isSeen(point)) {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(POINT_MAX_MS)]);
      const afterMs = point === 'call answered' ? random.between(0, AFTER_ANSWER_MAX_MS) : 0;
      return system.farEnd.killAt(point, pidsOf('executor'), afterMs, inTime);
    }
    return atMoment(commits, point, () => killAll(KILLED_AT[point]));
  }

  /** When it happens next; false where it does not in time. */
  function atMoment<Name extends string>(
    moments: Pick<Moments<Name>, 'once'>,
    name: Name,
    strike: () => void,
  ): Promise<boolean> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(POINT_MAX_MS)]);
    return new Promise((resolve) => {
      const takeBack = moments.once(name, () => {
        strike();
        resolve(true);
      });
      inTime.addEventListener('abort', () => {
        takeBack();
        resolve(false);
      });
    });
  }

  async function crashWhenAnswered(server: 'nats' | 'postgres', ms: number): Promise<boolean> {
    let over: Promise<unknown> = Promise.resolve();
    const hit = await atMoment(promised, server === 'nats' ? 'accepted' : 'proposed', () => {
      over = outage(server, 'kill', ms);
    });
    await over;
    return hit;
  }

  async function stopWhenClaimed(ms: number): Promise<boolean> {
    let asleep: Promise<unknown> = Promise.resolve();
    const hit = await atMoment(commits, 'claimed', () => {
      asleep = Promise.all(system.services.executor.map(({ process }) => process.sleep(ms)));
    });
    await asleep;
    return hit;
  }

  async function inject({ action, instance, durationMs, offsetMs }: Fault): Promise<boolean> {
    switch (action.do) {
      case 'kill':
        return system.services[action.service][instance]?.process.kill() ?? false;
      case 'stop':
        return (await system.services[action.service][instance]?.process.sleep(durationMs)) ?? false;
      case 'kill at':
        return killAt(action.point);
      case 'stop when claimed':
        return stopWhenClaimed(durationMs);
      case 'crash':
        return outage(action.server, 'kill', durationMs);
      case 'crash when answered':
        return crashWhenAnswered(action.server, durationMs);
      case 'stall':
        return stall(action.server, durationMs, instance === 1);
      case 'restart':
        return outage(action.server, 'stop', durationMs);
      case 'cut':
        return cut(action, instance, durationMs);
      case 'empty redis':
        return emptyRedis();
      case 'set clock':
        return setClock(action, instance, offsetMs, durationMs);
      case 'fill disk':
        return fillDisk(durationMs, instance === 0);
      case 'fill streams':
        return fillStreams(durationMs);
      default:
        return action satisfies never;
    }
  }

  return { inject };
}

/** Who may have made the commit is not known: all who could are killed. */
const KILLED_AT = {
  claimed: ['executor'],
  finished: ['executor'],
  decided: ['evaluator'],
  granted: ['approvals', 'evaluator'],
} as const satisfies Record<CommitPoint, readonly ServiceTarget[]>;

const isSeen = (point: KillPoint): point is SeenPoint => (SEEN_POINTS as readonly string[]).includes(point);
