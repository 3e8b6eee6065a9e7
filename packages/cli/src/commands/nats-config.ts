import { workspaceOperators } from '@holdpoint/sdk/workspace-operators';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { natsAccounts, operatorLogin, passwordVariable, tenantLogin } from '@holdpoint/shared/messages/nats-accounts';
import { SERVICES } from '@holdpoint/shared/runtime/config';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats } from '@holdpoint/shared/runtime/nats';
import { type OperatorReading, prepareNats } from '@holdpoint/shared/runtime/prepare-nats';
import type { LocalCommand } from '../command.ts';
import { workspaceDir } from '../connection.ts';
import { refusing } from '../local-rules.ts';

const CONNECT_MAX_MS = 10_000;

/** A NATS server's accounts for the services and the workspace's operators; with `--nats`, makes streams and durables there. */
export const natsConfig: LocalCommand = {
  options: ['workspace', 'tenant', 'together', 'nats'],
  words: [],
  async runLocally({ values, typedIn }) {
    const operators = await refusing(() => workspaceOperators(workspaceDir(values, typedIn), values.tenant));
    if (values.nats !== undefined) await prepare(values.nats, operators);
    const text = accountsOf(operators, values.together === true);
    return { data: { config: text }, ...(!values.json && { bytes: Buffer.from(text) }) };
  },
};

/** `together`: one login for all operators of a tenant, for a program that runs them all. */
export function accountsOf(operators: readonly OperatorReading[], together: boolean): string {
  const tenants = [...new Set(operators.map(({ tenant }) => tenant))];
  const logins = together
    ? tenants.map((tenant) => {
        const own = operators.filter((operator) => operator.tenant === tenant);
        return tenantLogin(
          tenant,
          own.map(({ name }) => name),
        );
      })
    : operators.map(({ tenant, name }) => operatorLogin(tenant, name));
  const head = [
    '# Written by `npm run holdpoint -- nats-config`: change the workspace and write it again.',
    '# Passwords are read from the environment of the server, quoted there:',
    ...logins.map(({ user }) => `#   ${passwordVariable(user)}   ${user}`),
  ];
  return [...head, natsAccounts({ services: SERVICES, operators: logins })].join('\n');
}

async function prepare(url: string, operators: readonly OperatorReading[]): Promise<void> {
  const logger = createLogger({ service: 'holdpoint', level: 'silent', instance: 'nats-config' });
  const signal = AbortSignal.timeout(CONNECT_MAX_MS);
  const nats = await connectNats({ url, name: 'holdpoint nats-config', logger, signal }).catch((cause: unknown) => {
    throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'NATS does not answer there', {}, { cause });
  });
  try {
    await prepareNats(nats, operators, logger);
  } finally {
    await nats.close();
  }
}
