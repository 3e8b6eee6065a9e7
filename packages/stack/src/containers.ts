import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { natsConfig, oneUser } from './nats.ts';

const ANSWER_DEADLINE_MS = 3_000;
const START_DEADLINE_MS = 120_000;

export type ContainerSpec = {
  readonly image: string;
  readonly port: number;
  /** Where the image keeps its data: a named volume, so that it outlives the container. */
  readonly dataFolder: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: readonly { readonly content: string; readonly target: string }[];
};

export type RunningContainer = { readonly port: number; stop(): Promise<void> };

/** A container engine that answered. */
export type Engine = { run(name: string, spec: ContainerSpec): Promise<RunningContainer> };

/**
 * Undefined when no engine answers in time. testcontainers is loaded only here: without an engine nobody waits for it.
 * Its own search has no limit: an engine that accepts and stays silent would hold the start for half a minute.
 */
export async function findEngine(dataDir: string): Promise<Engine | undefined> {
  const timer = new AbortController();
  const late = pause(ANSWER_DEADLINE_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  const search = import('testcontainers').then(async (library) => {
    await library.getContainerRuntimeClient();
    return library;
  });
  const library = await Promise.race([search.catch(() => undefined), late]);
  timer.abort();
  if (library === undefined) return undefined;
  const volumePrefix = `holdpoint-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`;
  return { run: (name, spec) => runContainer(library, `${volumePrefix}-${name}`, spec) };
}

async function runContainer(
  library: typeof import('testcontainers'),
  volume: string,
  spec: ContainerSpec,
): Promise<RunningContainer> {
  // testcontainers publishes on every interface; ours are for this machine only.
  class LoopbackContainer extends library.GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      const bindings = this.hostConfig.PortBindings as Record<string, { HostIp?: string; HostPort: string }[]>;
      for (const binding of Object.values(bindings).flat()) binding.HostIp = '127.0.0.1';
    }
  }
  const container = new LoopbackContainer(spec.image)
    .withExposedPorts(spec.port)
    .withBindMounts([{ source: volume, target: spec.dataFolder, mode: 'rw' }])
    .withEnvironment({ ...spec.environment })
    .withCopyContentToContainer([...(spec.files ?? [])])
    .withStartupTimeout(START_DEADLINE_MS);
  if (spec.command !== undefined) container.withCommand([...spec.command]);
  const started = await container.start();
  return {
    port: started.getMappedPort(spec.port),
    stop: async () => {
      await started.stop({ timeout: 4_000 });
    },
  };
}

export function postgresContainer(password: string): ContainerSpec {
  return {
    image: 'postgres:18-alpine',
    port: 5432,
    dataFolder: '/var/lib/postgresql',
    environment: { POSTGRES_PASSWORD: password },
    command: ['postgres', '-c', 'max_connections=300'],
  };
}

export function natsContainer(password: string): ContainerSpec {
  return {
    image: 'nats:2.14-alpine',
    port: 4222,
    dataFolder: '/data',
    files: [{ content: natsConfig('0.0.0.0:4222', '/data', oneUser(password)), target: '/etc/holdpoint-nats.conf' }],
    command: ['-c', '/etc/holdpoint-nats.conf'],
  };
}

export function redisContainer(password: string): ContainerSpec {
  const settings = ['--requirepass', password, '--appendonly', 'yes', '--appendfsync', 'everysec'];
  return {
    image: 'redis:8-alpine',
    port: 6379,
    dataFolder: '/data',
    command: ['redis-server', ...settings, '--save', '', '--maxmemory-policy', 'noeviction'],
  };
}
