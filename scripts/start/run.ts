import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureEntityIndexes } from '@holdpoint/shared/db/entities/entity-indexes';
import { migrate } from '@holdpoint/shared/db/migrate';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { SERVICES, type ServiceName } from '@holdpoint/shared/runtime/config';
import { createLogger, type Logger } from '@holdpoint/shared/runtime/logger';
import { connectNats, ensureStreams, type Nats } from '@holdpoint/shared/runtime/nats';
import { loadEntities } from '@holdpoint/shared/workspace/tools';
import { onPath } from '@holdpoint/stack/binaries';
import { removeStackData, type Stack, startStack } from '@holdpoint/stack/stack';
import { addressLines } from './addresses.ts';
import { type AppKeys, registerDevelopmentApps } from './apps.ts';
import { environment } from './config.ts';
import { openDemo } from './demo.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { endLeftProcesses } from './left-processes.ts';
import { openLog } from './log-file.ts';
import type { StartOptions } from './options.ts';
import { portFor } from './ports.ts';
import { operatorsProgram, shopProgram, vendorsProgram } from './programs.ts';
import { leftPids, natsAddress, type RunFile, removeRunFile, writeRunFile } from './run-file.ts';
import { type ServiceProgram, servicePrograms } from './services.ts';
import type { Stages } from './stages.ts';
import { type Supervised, supervise } from './supervisor.ts';
import type { Terminal } from './terminal.ts';
import { type LoadedWorkspace, loadWorkspace, type PlacedVendors, placeVendors } from './workspace.ts';

const SHOP_PORT = 4010;
const VENDOR_PORTS = 4011;
const ADDRESS_WIDTHS = [34];
/** Together with what the servers take, less than the ten seconds that Ctrl-C may last. */
const DOORS_STOP_MS = 3_000;
const CORE_STOP_MS = 4_500;
const REMOTE_STOP_MS = 500;

export interface Surroundings {
  readonly root: string;
  readonly terminal: Terminal;
  /** Everything that was started, so that a start that fails or is told to end half-way is undone too. */
  readonly stages: Stages;
  /** Aborts when it is told to end. */
  readonly signal: AbortSignal;
}

/** Files under `--data`, beside what the backing servers keep there. */
const filesIn = (dataDir: string) => ({
  run: join(dataDir, 'run.json'),
  keys: join(dataDir, 'keys.json'),
  identity: join(dataDir, 'identity.json'),
  logs: join(dataDir, 'logs'),
  shop: join(dataDir, 'shop'),
});
type Files = ReturnType<typeof filesIn>;

/** Starts everything, in the order in which one needs the other; returns when all is up and the samples were told of. */
export async function run(options: StartOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, stages, signal } = surroundings;
  const files = filesIn(options.dataDir);
  const shopPort = await portFor(SHOP_PORT);
  const shopUrl = `http://127.0.0.1:${shopPort}`;
  const vendors = await placeVendors(options.workspaceDir, VENDOR_PORTS);
  const workspace = await loadWorkspace(options.workspaceDir, { SHOP_URL: shopUrl, ...vendors.urls, ...environment() });
  signal.throwIfAborted();

  terminal.title('holdpoint starts');
  const stack = await openStack(options, files, surroundings);
  signal.throwIfAborted();

  stages.next();
  const identity = await startIdentityProvider(files.identity, workspace.firstTenant);
  stages.add(() => identity.stop());
  const { applied } = await migrate(stack.databaseOwnerUrl);
  await ensureEntityIndexes(stack.databaseOwnerUrl, await loadEntities(options.workspaceDir));
  terminal.line({
    label: 'database',
    tone: 'quiet',
    columns: [migrations(applied)],
  });
  const keys = await registerDevelopmentApps(stack.databaseOwnerUrl, files.keys, workspace.firstTenant);
  const nats = await openNats(stack, files, stages);
  signal.throwIfAborted();

  const started = await startPrograms({
    options,
    files,
    workspace,
    stack,
    identity,
    shopPort,
    vendors,
    ...surroundings,
  });
  signal.throwIfAborted();
  terminal.line({ label: 'services', tone: 'good', columns: [`${SERVICES.join(', ')} are up`] });

  const content = (): RunFile => runFile({ stack, keys, identity, workspace, ...started, shopUrl });
  await started.recordRuns(files.run, content);
  stages.add(() => removeRunFile(files.run));

  if (options.demo) {
    const demo = await openDemo(nats, terminal);
    stages.add(demo.stop);
    const { services, sources } = content();
    if (workspace.samplesFile) await demo.send({ file: workspace.samplesFile, ingestUrl: services.ingest, sources });
  }
  signal.throwIfAborted();
  terminal.title('where to look');
  for (const line of addressLines(content(), files)) terminal.line(line, ADDRESS_WIDTHS);
  terminal.text();
  terminal.text('holdpoint is ready; Ctrl-C stops it and everything it started');
}

async function openStack(options: StartOptions, files: Files, surroundings: Surroundings): Promise<Stack> {
  const { terminal, stages, root } = surroundings;
  if (options.reset) await removeStackData(options.dataDir);
  const stack = await startStack({
    dataDir: options.dataDir,
    log: (text) => terminal.line({ label: 'servers', tone: 'quiet', columns: [text] }),
  });
  stages.add(() => stack.stop());
  for (const { name, how, readyMs } of stack.parts) {
    terminal.line({ label: name, tone: 'quiet', columns: [`${how}, after ${(readyMs / 1000).toFixed(1)} s`] });
  }
  // The stack's lock on the folder is held from here on: what an earlier start left there is nobody's any more.
  await endLeftProcesses(await leftPids(files.run), root);
  await removeRunFile(files.run);
  if (options.reset) {
    for (const file of Object.values(files)) await rm(file, { recursive: true, force: true });
  }
  return stack;
}

function migrations(applied: readonly string[]): string {
  if (applied.length === 0) return 'is current';
  return applied.length === 1 ? `migrated: ${applied[0]}` : `migrated: ${applied.length} steps, to ${applied.at(-1)}`;
}

async function openNats(stack: Stack, files: Files, stages: Stages): Promise<Nats> {
  const logger = await ownLogger(files, stages);
  stages.next();
  const creds = environment().NATS_CREDS;
  const nats = await connectNats({ url: stack.natsUrl, name: 'holdpoint-start', logger, ...(creds && { creds }) });
  stages.add(() => nats.close());
  await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
  return nats;
}

async function ownLogger(files: Files, stages: Stages): Promise<Logger> {
  const log = (await openLog(join(files.logs, 'start-1.log'))).createWriteStream();
  stages.add(() => new Promise((resolve) => log.end(resolve)));
  return createLogger({ service: 'start', level: 'info', instance: String(process.pid), destination: log });
}

interface Parts extends Surroundings {
  readonly options: StartOptions;
  readonly files: Files;
  readonly workspace: LoadedWorkspace;
  readonly stack: Stack;
  readonly identity: IdentityProvider;
  readonly shopPort: number;
  readonly vendors: PlacedVendors;
}

interface StartedPrograms {
  readonly services: readonly (ServiceProgram & { readonly supervised: Supervised })[];
  /** Writes the file, now and after each start of a program: with it a pid changes. */
  recordRuns(file: string, content: () => RunFile): Promise<void>;
}

/** Side by side, each ready when it says so; stopped as doors, then core, then what the core calls. */
async function startPrograms(parts: Parts): Promise<StartedPrograms> {
  const { terminal, stages, options, files, workspace, stack, root } = parts;
  const setpriv = process.platform === 'linux' ? await onPath('setpriv', environment()) : undefined;
  const tie = setpriv ? [setpriv, '--pdeathsig', 'TERM', '--'] : [];
  const around = { root, logDir: files.logs, tie, servers: stack, workspace };
  const programs = await servicePrograms({ ...around, instances: options.instances, identity: parts.identity });
  let record = (): void => {};
  const started: Supervised[] = [];
  const launch = (program: ServiceProgram | ReturnType<typeof shopProgram>, stopMs: number): Supervised => {
    const supervised = supervise({
      ...program,
      onSpawn: () => record(),
      onDeath: (how) =>
        terminal.line({ label: 'restart', tone: 'bad', columns: [`${program.name} ${how}, and is started again`] }),
    });
    stages.add(() => supervised.stop(stopMs));
    started.push(supervised);
    return supervised;
  };
  const isDoor = ({ service }: ServiceProgram): boolean => service === 'ingest';
  const launchAll = (these: readonly ServiceProgram[], stopMs: number) =>
    these.map((program) => ({ ...program, supervised: launch(program, stopMs) }));

  stages.next();
  if (workspace.shopFile) launch(shopProgram(around, workspace.shopFile, parts.shopPort, files.shop), REMOTE_STOP_MS);
  if (workspace.vendorsFile) launch(vendorsProgram(around, workspace.vendorsFile, parts.vendors.ports), REMOTE_STOP_MS);
  stages.next();
  const core = launchAll(
    programs.filter((program) => !isDoor(program)),
    CORE_STOP_MS,
  );
  stages.next();
  const doors = launchAll(programs.filter(isDoor), DOORS_STOP_MS);
  if (workspace.operators.length > 0) launch(operatorsProgram(around), DOORS_STOP_MS);
  await untilAborted(Promise.all(started.map(({ ready }) => ready)), parts.signal);
  return {
    services: [...doors, ...core],
    async recordRuns(file, content) {
      let writing = writeRunFile(file, content());
      record = () => {
        if (parts.signal.aborted) return;
        writing = writing
          .then(() => writeRunFile(file, content()))
          .catch((error: unknown) => terminal.error(String(error)));
      };
      stages.next();
      stages.add(() => writing);
      stages.next();
      await writing;
    },
  };
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

interface RunFacts extends Pick<StartedPrograms, 'services'> {
  readonly stack: Stack;
  readonly keys: AppKeys;
  readonly identity: IdentityProvider;
  readonly workspace: LoadedWorkspace;
  readonly shopUrl: string;
}

function runFile({ stack, keys, identity, workspace, services, shopUrl }: RunFacts): RunFile {
  const each = <T>(of: (name: ServiceName) => T) =>
    Object.fromEntries(SERVICES.map((name) => [name, of(name)])) as Record<ServiceName, T>;
  const instances = each((name) => services.filter(({ service }) => service === name).map(({ url }) => url));
  return {
    ...natsAddress(stack.natsUrl),
    database_url: stack.databaseOwnerUrl,
    redis_url: stack.redisUrl,
    services: each((name) => instances[name][0] ?? ''),
    instances,
    pids: each((name) =>
      services.filter(({ service }) => service === name).flatMap(({ supervised }) => supervised.pid() ?? []),
    ),
    keys,
    people: identity.people,
    sources: workspace.sources.map(({ tenant, id, provider, secrets: [secret = ''] }) => ({
      tenant,
      id,
      provider,
      url: `${instances.ingest[0]}/hooks/${tenant}/${id}`,
      secret,
    })),
    ...(workspace.shopFile && { shop: shopUrl }),
  };
}
