import { SERVICES } from '@holdpoint/shared/runtime/config';
import type { RunFile } from './run-file.ts';
import type { Line } from './terminal.ts';

/** Where a person finds everything. No key is printed: terminals are recorded and shared. */
export function addressLines({ services, shop }: RunFile, files: { run: string; logs: string }): Line[] {
  const at = (label: string, ...columns: string[]): Line => ({ label, tone: 'quiet', columns });
  return [
    at('console', `${services.approvals}/`, 'sign in by a click as alice, bob or carol, and decide; as dana, an admin'),
    at('queues', `${services.executor}/queues`, 'Bull Board; its key is keys.platform'),
    ...SERVICES.map((name) => at(name, `${services[name]}/docs`, 'its API; metrics under /metrics')),
    ...(shop ? [at('shop', `${shop}/_calls`, 'what the example connectors did')] : []),
    at('keys', files.run, 'keys and tokens of the development people'),
    at('logs', files.logs),
    at('commands', 'npm run holdpoint -- approvals', 'what waits for a person'),
  ];
}
