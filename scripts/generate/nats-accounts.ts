import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accountsOf } from '@holdpoint/cli/commands/nats-config';
import { workspaceOperators } from '@holdpoint/sdk/workspace-operators';

const workspace = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'workspace');

/** For the example workspace, whose operators one program runs. */
export async function exampleNatsAccounts(): Promise<string> {
  return accountsOf(await workspaceOperators(workspace, 'acme'), true);
}
