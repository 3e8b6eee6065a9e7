import { join } from 'node:path';
import { basicEnvironment, given, type ServiceSurroundings } from './services.ts';
import type { Program } from './supervisor.ts';

type Around = Pick<ServiceSurroundings, 'root' | 'logDir' | 'tie' | 'servers' | 'workspace'>;

/** The remote system of the example workspace. */
export function shopProgram(around: Around, shopFile: string, port: number, dataDir: string): Program {
  return program(around, 'shop', [shopFile, String(port), dataDir], {});
}

/** Stand-ins of the vendors that its connectors call, each at a port of its own. */
export function vendorsProgram(around: Around, file: string, ports: Readonly<Record<string, number>>): Program {
  return program(around, 'vendors', [file, JSON.stringify(ports)], {});
}

/** All operators of the workspace. */
export function operatorsProgram(around: Around): Program {
  const { workspace, servers } = around;
  const env = { NATS_URL: servers.natsUrl, ...given('NATS_CREDS') };
  return program(around, 'operators', [workspace.dir, workspace.firstTenant], env);
}

function program(
  { root, logDir, tie }: Around,
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Program {
  return {
    name,
    args: [join(root, 'scripts', 'start', 'programs', `${name}.ts`), ...args],
    env: { ...basicEnvironment(), ...env },
    cwd: root,
    logFile: join(logDir, `${name}-1.log`),
    tie,
    reports: true,
  };
}
