import type { TenantConnector } from '@holdpoint/shared/workspace/tenant-connectors';

/** Nothing was sent, and trying again would not help. */
class Terminal extends Error {
  override readonly name = 'Terminal';
}

/** Looks credentials up by their names, of those that a tenant gives a connector. */
export function credentialsOf(
  tenant: string,
  connector: string,
  given: TenantConnector | undefined,
): (name: string) => string {
  return (name) => {
    const credentials = given?.credentials ?? {};
    const found = Object.hasOwn(credentials, name) ? credentials[name] : undefined;
    if (found === undefined) throw new Terminal(`tenant ${tenant} gives ${connector} no secret ${name}`);
    return found;
  };
}
